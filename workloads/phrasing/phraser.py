"""A phraser, and a passage in its words: or the passage itself, where it strays or takes too long."""

import time
from typing import Protocol

from workloads.asking.said import Said
from workloads.phrasing.ground import strayed

PHRASED, PASSAGE = "phrased", "passage"
"""How an answer came about."""

INSTRUCTION = "Answer the question politely, in the words of the passage. Add no fact and leave none out."


class UnsaidError(Exception):
    """A phraser cannot put this into words."""


class Phraser(Protocol):
    """A language model that goes on from a question and a passage."""

    @property
    def name(self) -> str:
        """Which it is, by version or hash."""
        ...

    @property
    def seconds(self) -> float:
        """How long it may take for all that is asked together."""
        ...

    def say(self, question: str, passage: str, until: float) -> str:
        """The answer in its words; it ends by `until` (monotonic) but for one pass. Raises UnsaidError."""
        ...


def prompt(question: str, passage: str) -> str:
    """What a phraser goes on from, each on one line."""
    question, passage = (" ".join(text.split()) for text in (question, passage))
    return f"Question: {question}\nPassage: {passage}\nAnswer:"


def phrased(phraser: Phraser, question: str, passage: str, until: float) -> Said:
    """`passage` as the phraser puts it, if that says the same; else the passage, with the reason."""
    try:
        if time.monotonic() >= until:
            raise UnsaidError(f"{phraser.seconds:g} s were over")
        text = " ".join(phraser.say(question, passage, until).split())
        if time.monotonic() >= until:
            raise UnsaidError(f"{phraser.seconds:g} s were over")
        reason = strayed(passage, text)
        if reason:
            raise UnsaidError(f"the phrasing strayed, {reason}")
    except UnsaidError as error:
        return Said(passage, PASSAGE, f"the passage itself: {error}")
    return Said(text, PHRASED, f"phrased by {phraser.name}")
