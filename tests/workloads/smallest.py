"""The smallest of each model: data and flags with which it goes through all of a training in a second."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workloads.conftest import Place, Ran
from tests.workloads.made import ORIGIN
from tests.workloads.toy import toy_splits
from workloads import command
from workloads.data import ratings, reviews, store, support, texts
from workloads.data.content import Content
from workloads.data.images import pack, pack_shards
from workloads.data.manifest import Manifest
from workloads.data.ratings import Rating
from workloads.data.shards import pack as pack_samples
from workloads.data.splits import INDEX, shard_name
from workloads.fingerprint import canonical
from workloads.registry.store import Registry, Version
from workloads.training import __main__ as program

Train = Callable[..., Ran]
"""Trains a `Smallest` at a `Place`, with further flags."""

_TEXTS = ("--model-dim", "16", "--model-layers", "2", "--model-hidden", "16", "--data-context", "8")
_LM = ("--model-vocabulary", "280", "--model-heads", "2", "--model-kv-heads", "1", *_TEXTS)
_STREAM = ("--stream", "true", "--stream-lanes", "2", "--stream-buffer", "40")


@dataclass(frozen=True)
class Smallest:
    """A model, its data, and its flags but for the checkpoint of those that are fine-tuned."""

    model: str
    content: Content
    flags: tuple[str, ...]
    tuned: bool = False


def _smallest() -> dict[str, Smallest]:
    """Each model by name, and those that take shards with these too; three steps and more an epoch."""
    splits = toy_splits()
    digits, shards = pack(splits), pack_shards(splits, 150)
    read = ("--data-max-tokens", "12", "--lr", "1e-3")
    reviewed = Smallest("sentiment", _reviews(), ("--batch-size", "12", *read), tuned=True)
    written = Smallest("lm", _written(), ("--batch-size", "32", *_LM, "--precision", "fp32"))
    tiny = ("--batch-size", "60", "--model-channels", "2", "--model-hidden", "8")
    return {
        "mnist": Smallest("mnist", digits, ("--batch-size", "60")),
        "mnist-cnn": Smallest("mnist-cnn", digits, tiny),
        "mnist-cnn in shards": Smallest("mnist-cnn", shards, tiny),
        "mnist-cnn streamed": Smallest("mnist-cnn", shards, (*tiny, *_STREAM)),
        "lm": written,
        "lm in shards": Smallest("lm", _sharded(written.content), written.flags),
        "lm streamed": Smallest("lm", _sharded(written.content), (*written.flags, *_STREAM)),
        "recommender": Smallest("recommender", _rated(), ("--batch-size", "12", "--model-dim", "8")),
        "sentiment": reviewed,
        "sentiment in shards": Smallest("sentiment", _sharded(reviewed.content), reviewed.flags, tuned=True),
        "chatbot": Smallest("chatbot", support.made(), ("--batch-size", "8", *read), tuned=True),
    }


def _written() -> Content:
    words = ["the cat sat on the mat", "a dog ran away", "and the hat was flat"]
    return texts.to_content(
        [" ".join(words[(n + k) % 3] for k in range(3 + n % 5)) + f" {n}" for n in range(60)]
    )


def _reviews() -> Content:
    said = {"good": ("great", "good", "love it"), "bad": ("awful", "bad", "hate it")}
    labels = list(said)
    return reviews.to_content(
        [(f"this is {said[labels[n % 2]][n % 3]} {n}", labels[n % 2]) for n in range(60)]
    )


def _rated() -> Content:
    return ratings.to_content(
        [Rating(str(user), str((user * 5 + at * 3) % 17), 4.0, at) for user in range(12) for at in range(7)]
    )


def _sharded(content: Content, each: int = 40) -> Content:
    """Lines as records of shards, as `workloads.pipeline` writes them."""
    files = {name: body for name, body in content.files.items() if not name.endswith(".jsonl")}
    index: dict[str, int] = {}
    for split in ("train", "test"):
        lines = content.files[f"{split}.jsonl"].splitlines()
        for number, at in enumerate(range(0, len(lines), each)):
            part, name = lines[at : at + each], shard_name(split, number)
            files[name] = pack_samples((f"{at + n:08}", {"json": line}) for n, line in enumerate(part))
            index[name] = len(part)
    return Content({**files, INDEX: canonical(index)}, content.records)


KINDS = _smallest()
MODELS = [name for name, kind in KINDS.items() if name == kind.model]


def started(checkpoint: Path, place: Place, kind: Smallest, *flags: str) -> Ran:
    """The program, in this process; `checkpoint` is what is fine-tuned where something is.

    It takes the place's buckets as they are, since S3's client is not made in less than 0.2 s.
    """
    tuned = ("--model-checkpoint", str(checkpoint)) if kind.tuned else ()
    usual = ("--data", ORIGIN.name, "--site", str(place.file), "--epochs", "1", "--save-every", "1")
    flags = (*usual, "--deterministic", "true", *kind.flags, *tuned, *flags)
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(program, "connect", lambda _site: place.buckets)
        code = command.run(program.main, [kind.model, *flags, "--events", "json"])
    return Ran(code, [json.loads(event) for event in out.getvalue().splitlines()], err.getvalue())


def put(place: Place, content: Content) -> Manifest:
    """Have it in the data bucket."""
    manifest = store.describe(ORIGIN, content)
    store.publish(place.buckets.data, manifest, content, "r")
    return manifest


def versions(place: Place, kind: Smallest) -> list[Version]:
    """What is registered."""
    return Registry(place.buckets.registry, kind.model).versions()


def refusal(ran: Ran, code: int) -> str:
    """What was said, in one line, by a program that ended with that code."""
    assert ran.code == code, ran
    error = ran.event("error")
    assert all(error[part] for part in ("field", "value", "rule", "fix"))
    assert error["exit_code"] == code
    assert "Traceback" not in ran.err
    return f"{error['field']}: {error['value']}: {error['rule']}; {error['fix']}"


def tiny_bert(folder: Path, *, width: int = 32) -> Path:
    """An untrained BERT of two layers, with a tokenizer of whole words; the folder."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*marks, *["i", "love", "it", "this", "is", "good", "bad", "great", "awful"]]
    known = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call] # transformers gives it no types
        tokenizer_object=known, pad_token="[PAD]", unk_token="[UNK]", model_max_length=64
    ).save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=width,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=2 * width,
            max_position_embeddings=64,
        )
    ).save_pretrained(folder)
    return folder
