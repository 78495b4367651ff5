"""How the model is asked: a text, whose class it tells."""

import json

import torch
from tokenizers import Tokenizer

from workloads.asking.version import Loaded
from workloads.data.reviews import LABELS
from workloads.models.sentiment.config import ReadingConfig
from workloads.models.sentiment.task import encode


def answer(loaded: Loaded, question: str) -> str:
    """The likeliest class of a text, and how likely the model holds it."""
    labels: list[str] = json.loads(loaded.attachment(LABELS))
    tokenizer = Tokenizer.from_str(loaded.attachment("tokenizer.json"))
    most = ReadingConfig.model_validate(loaded.card.config.data).max_tokens
    with torch.inference_mode():
        chances = loaded.network(*encode(tokenizer, [question], most)).softmax(1)[0]
    best = int(chances.argmax())
    return f"{labels[best]} ({float(chances[best]):.2f})"
