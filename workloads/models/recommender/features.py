"""What reviews say of items, as places in a language model's space."""

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel

from workloads.models.sentiment.checkpoint import locate, tokenizer_of
from workloads.models.sentiment.task import encode

_TOKENS = 64
_BATCH = 64


@torch.inference_mode()
def features(checkpoint: str, reviews: list[list[str]]) -> Tensor:
    """The mean (items, width) of each item's reviews, each the mean of its tokens; zeros where there is none.

    The checkpoint stays as it is.
    """
    tokenizer = Tokenizer.from_str(tokenizer_of(checkpoint, most=_TOKENS))
    body = AutoModel.from_pretrained(locate(checkpoint), add_pooling_layer=False, dtype=torch.float32).eval()
    found = torch.zeros(len(reviews), body.config.hidden_size)
    different = sorted({text for texts in reviews for text in texts}, key=lambda text: (len(text), text))
    places: dict[str, Tensor] = {}
    for at in range(0, len(different), _BATCH):
        part = different[at : at + _BATCH]
        tokens, mask = encode(tokenizer, part, _TOKENS)
        hidden = body(input_ids=tokens, attention_mask=mask).last_hidden_state
        means = (hidden * mask[..., None]).sum(1) / mask.sum(1)[:, None]
        places |= dict(zip(part, normalize(means, dim=1), strict=True))
    for number, texts in enumerate(reviews):
        if texts:
            found[number] = torch.stack([places[text] for text in texts]).mean(0)
    return found
