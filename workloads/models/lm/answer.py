"""How the model is asked: a beginning, which it continues."""

from collections.abc import Sequence

from workloads.asking.said import Answerer, Said
from workloads.asking.sampling import Continue, Prompt, Sampling
from workloads.asking.version import Loaded
from workloads.errors import InvalidInputError
from workloads.models.lm.config import TextConfig
from workloads.models.lm.generate import generate
from workloads.models.lm.tokenizer import open_tokenizer

_BLANK = "white space alone: the likeliest token each time, of a model that has learnt little"


def open_continue(loaded: Loaded) -> Continue:
    """Gives the text after a prompt; the same prompt, sampling and version give the same."""
    tokenizer = open_tokenizer(loaded.attachment("tokenizer.json"))
    context = TextConfig.model_validate(loaded.card.config.data).context

    def after(prompt: Prompt) -> str:
        asked = prompt.sampling
        return generate(
            loaded.network,
            tokenizer,
            prompt.text,
            tokens=asked.max_tokens,
            context=context,
            temperature=asked.temperature,
            seed=asked.seed,
        )

    return after


def open_answer(loaded: Loaded) -> Answerer:
    """Gives the text after each beginning, the likeliest token each time; a note where none of it is seen.

    One that has learnt little, as from a smoke training, says the most frequent token: a line's end.
    """
    after = open_continue(loaded)

    def answer(questions: Sequence[str]) -> list[Said | InvalidInputError]:
        texts = [after(Prompt(each, Sampling())) for each in questions]
        return [Said(text, note="" if text.strip() else _BLANK) for text in texts]

    return answer
