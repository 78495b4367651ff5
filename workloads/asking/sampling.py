"""How a text goes on from a prompt, as whoever asks wants it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

from workloads.settings import Settings

MOST_TOKENS = 512
"""Tokens that one request may ask for, over all its prompts: none keeps the others waiting for long."""


class Sampling(Settings):
    """Each is a member of a request's `parameters`."""

    model_config = ConfigDict(strict=True)  # what is sent is JSON, in which "5" is no number

    max_tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = 60
    temperature: Annotated[float, Field(ge=0, le=100)] = 0.0
    """0: the likeliest token each time."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0


@dataclass(frozen=True)
class Prompt:
    """A beginning, and how it goes on."""

    text: str
    sampling: Sampling


Continue = Callable[[Prompt], str]
"""A prompt -> the text after it."""
