"""How the model is asked: a beginning, which it continues."""

from collections.abc import Sequence

from workloads.asking.said import Answerer, Said
from workloads.asking.version import Loaded
from workloads.errors import InvalidInputError
from workloads.models.lm.config import TextConfig
from workloads.models.lm.generate import generate
from workloads.models.lm.tokenizer import open_tokenizer

_TOKENS = 60


def open_answer(loaded: Loaded) -> Answerer:
    """Gives the text after each beginning, the likeliest token each time."""
    network = loaded.network
    tokenizer = open_tokenizer(loaded.attachment("tokenizer.json"))
    context = TextConfig.model_validate(loaded.card.config.data).context

    def answer(questions: Sequence[str]) -> list[Said | InvalidInputError]:
        return [
            Said(generate(network, tokenizer, each, tokens=_TOKENS, context=context, temperature=0, seed=0))
            for each in questions
        ]

    return answer
