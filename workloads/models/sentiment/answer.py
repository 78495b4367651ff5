"""How the model is asked: a text, whose class it tells."""

import json
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer

from workloads.asking.said import Answerer, Said
from workloads.asking.version import Loaded
from workloads.data.reviews import LABELS
from workloads.errors import InvalidInputError
from workloads.models.sentiment.config import ReadingConfig
from workloads.models.sentiment.task import encode


def open_answer(loaded: Loaded) -> Answerer:
    """Gives the likeliest class of each text, and how likely the model holds it."""
    labels: list[str] = json.loads(loaded.attachment(LABELS))
    tokenizer = Tokenizer.from_str(loaded.attachment("tokenizer.json"))
    most = ReadingConfig.model_validate(loaded.card.config.data).max_tokens

    @torch.inference_mode()
    def answer(questions: Sequence[str]) -> list[Said | InvalidInputError]:
        chances = loaded.network(*encode(tokenizer, list(questions), most)).softmax(1)
        return [Said(f"{labels[int(each.argmax())]} ({float(each.max()):.2f})") for each in chances]

    return answer
