"""A registered version of `lm` as a phraser."""

from dataclasses import dataclass

from workloads.asking.version import Loaded, load_version
from workloads.models.lm.config import TextConfig
from workloads.models.lm.generate import generate
from workloads.models.lm.tokenizer import open_tokenizer
from workloads.models.table import MODELS
from workloads.objects import Bucket
from workloads.phrasing.phraser import UnsaidError, prompt
from workloads.registry.store import Registry

MODEL = "lm"


@dataclass(frozen=True)
class RegisteredPhraser:
    """What an `lm` says next, the likeliest token each time, to the line's end."""

    loaded: Loaded
    max_tokens: int
    seconds: float

    @property
    def name(self) -> str:
        """Model and version."""
        return f"{MODEL}:{self.loaded.card.version}"

    @property
    def digest(self) -> str:
        """SHA-256 of its weights, tokenizer included."""
        return self.loaded.card.weights.sha256

    def say(self, question: str, passage: str, until: float) -> str:
        """The rest of the line after the prompt; raises UnsaidError where it has not the places for it."""
        tokenizer = open_tokenizer(self.loaded.attachment("tokenizer.json"))
        context = TextConfig.model_validate(self.loaded.card.config.data).context
        text = prompt(question, passage)
        needed = 1 + len(tokenizer.encode(text).ids) + self.max_tokens
        if needed > context:
            raise UnsaidError(f"{needed} tokens would be needed, and it has places for {context}")
        said = generate(
            self.loaded.network,
            tokenizer,
            text,
            tokens=self.max_tokens,
            context=context,
            temperature=0,
            seed=0,
            until=until,
            stop="\n",
        )
        return said


def open_registered(bucket: Bucket, version: str, max_tokens: int, seconds: float) -> RegisteredPhraser:
    """A version of `lm` in the registry; raises InvalidInputError or CorruptDataError."""
    registry = Registry(bucket, MODEL)
    card = registry.card(registry.pinned(version))
    return RegisteredPhraser(
        load_version(MODELS[MODEL], card, registry.weights(card)), max_tokens=max_tokens, seconds=seconds
    )
