"""What is looked at when a version is judged: its scores, and the words that counted."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from captum.attr import FeatureAblation, LayerIntegratedGradients
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from workloads.asking.version import Loaded
from workloads.data.reviews import LABELS, TEST, read_reviews
from workloads.judging.classified import Classified, Shown, thirds, verdict
from workloads.models.sentiment.config import ReadingConfig
from workloads.models.sentiment.task import encode

_SHOWN = 3
_BATCH = 32
_STEPS = 32


def classify(loaded: Loaded, files: Mapping[str, bytes]) -> Classified:
    """Probabilities of the held-out texts; sliced by their length."""
    texts, labels, _ = read_reviews(files, TEST)
    lengths = thirds(np.array([len(text) for text in texts], dtype=np.float64), ("short", "medium", "long"))
    return Classified(
        scores=_scores(loaded, texts).double().numpy(),
        labels=np.array(labels, dtype=np.int64),
        names=json.loads(loaded.attachment(LABELS)),
        slices={"length": lengths},
    )


def explain(loaded: Loaded, files: Mapping[str, bytes]) -> list[Shown]:
    """The texts that it is least sure of: what each token's embedding counted, against padding's,
    and each word that is taken out.
    """
    texts, labels, names = read_reviews(files, TEST)
    sure = _scores(loaded, texts).max(1).values
    tokenizer = _tokenizer(loaded)
    embeddings = loaded.network.get_submodule("body").get_input_embeddings()  # type: ignore[operator]
    shown = []
    for index in sure.argsort()[:_SHOWN].tolist():
        tokens, mask = encode(tokenizer, [texts[index]], _most(loaded))
        nothing = torch.zeros_like(tokens)
        with torch.inference_mode():
            logits, empty = loaded.network(tokens, mask)[0], loaded.network(nothing, mask)[0]
        chosen = int(logits.argmax())
        gradients = LayerIntegratedGradients(loaded.network, embeddings)
        found = gradients.attribute(
            tokens, baselines=nothing, additional_forward_args=(mask,), target=chosen, n_steps=_STEPS
        )
        weights = found.sum(-1)[0].double().numpy()
        due = float(logits[chosen] - empty[chosen])
        gap = abs(float(weights.sum()) - due) / max(abs(due), 1e-9)
        words = [str(tokenizer.id_to_token(token)) for token in tokens[0].tolist()]
        title = verdict(names[labels[index]], names[chosen], float(sure[index]))
        blank = tokenizer.token_to_id("[MASK]") or 0
        ablation = ablate(loaded.network, tokens, mask, words, chosen=chosen, blank=blank)
        looked = attention(loaded.network, tokens, mask)
        shown.append(Shown(title, weights, words, gap, ablation, looked))
    return shown


@torch.inference_mode()
def ablate(
    network: nn.Module, tokens: Tensor, mask: Tensor, words: list[str], *, chosen: int, blank: int
) -> NDArray[np.float64]:
    """By how much the score of a class falls when a word of a text (1, t) is blank: (t,).

    The pieces of a word (##...) are taken out together.
    """
    begins = torch.tensor([not word.startswith("##") for word in words])
    found: Tensor = FeatureAblation(network).attribute(
        tokens,
        baselines=blank,
        target=chosen,
        additional_forward_args=(mask,),
        feature_mask=(begins.long().cumsum(0) - int(begins[0]))[None],
    )
    weights: NDArray[np.float64] = found[0].double().numpy()
    return weights


@torch.inference_mode()
def attention(network: nn.Module, tokens: Tensor, mask: Tensor) -> NDArray[np.float64] | None:
    """Where each token of one text (1, t) looks, by layer: (layers, t, t), the mean over heads.

    Only the plain form of attention tells its weights, so it is taken for this one pass; None for a
    checkpoint that has no such form.
    """
    body: Any = network.get_submodule("body")
    before = body.config._attn_implementation  # transformers tells it nowhere else
    try:
        body.set_attn_implementation("eager")
        layers = body(input_ids=tokens, attention_mask=mask, output_attentions=True).attentions
    except ValueError:
        return None
    finally:
        body.set_attn_implementation(before)
    if not layers:
        return None
    return torch.stack([layer[0].mean(0) for layer in layers]).double().numpy()


def _scores(loaded: Loaded, texts: list[str]) -> Tensor:
    tokenizer, parts = _tokenizer(loaded), []
    with torch.inference_mode():
        for at in range(0, len(texts), _BATCH):
            batch = encode(tokenizer, texts[at : at + _BATCH], _most(loaded))
            parts.append(loaded.network(*batch).softmax(1))
    return torch.cat(parts)


def _tokenizer(loaded: Loaded) -> Tokenizer:
    return Tokenizer.from_str(loaded.attachment("tokenizer.json"))


def _most(loaded: Loaded) -> int:
    return ReadingConfig.model_validate(loaded.card.config.data).max_tokens
