"""How the model is asked: a beginning, which it continues."""

from workloads.asking.version import Loaded
from workloads.models.lm.config import TextConfig
from workloads.models.lm.generate import generate
from workloads.models.lm.network import Transformer
from workloads.models.lm.tokenizer import open_tokenizer

_TOKENS = 60


def answer(loaded: Loaded, question: str) -> str:
    """The text after `question`, the likeliest token each time."""
    if not isinstance(loaded.network, Transformer):
        raise TypeError(type(loaded.network).__name__)
    return generate(
        loaded.network,
        open_tokenizer(loaded.attachment("tokenizer.json")),
        question,
        tokens=_TOKENS,
        context=TextConfig.model_validate(loaded.card.config.data).context,
        temperature=0,
        seed=0,
    )
