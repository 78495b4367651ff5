"""Whether a text says what a passage says, no more and no less.

Both are words, numbers and signs in their order, without case and punctuation. Some words say nothing of
the matter (COURTESY and the words of LIGHT): without these both must be the same. So a number that is
another, a "not" that came or went, two facts that changed places and a fact that was left out are all
found; so is a good paraphrase in other words, which a machine could not tell from a wrong one.
"""

import re

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[^\w\s.,;:!?\"'\u2019\u2026()]")

_LIGHT = """a an the i me my you your we our us it its they their this that these those there here
is are am be so then also just simply please"""
LIGHT = frozenset(_LIGHT.split())
"""Words that state nothing by themselves: articles, pronouns, "to be" in the present, and fillers."""

COURTESY = (
    "hello",
    "hi",
    "dear customer",
    "good question",
    "thank you for asking",
    "thanks for asking",
    "thank you for your question",
    "thanks for your question",
    "thank you",
    "happy to help",
    "glad to help",
    "i am happy to help",
    "i hope this helps",
    "hope this helps",
    "let me know if you need anything else",
    "sorry to hear that",
    "i am sorry to hear that",
)
"""What may stand before or after the matter."""


def words(text: str) -> list[str]:
    """The words, numbers and signs of a text."""
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]


def stated(text: str) -> list[str]:
    """The words of a text that state something."""
    found = words(text)
    for phrase in sorted((words(one) for one in COURTESY), key=len, reverse=True):
        size = len(phrase)
        while found[:size] == phrase and found:
            found = found[size:]
        while found[-size:] == phrase and found:
            found = found[:-size]
    return [word for word in found if word not in LIGHT]


def strayed(passage: str, text: str) -> str | None:
    """Where `text` leaves what `passage` says; None where it does not."""
    due, said = stated(passage), stated(text)
    if not said:
        return "it says nothing"
    for expected, found in zip(due, said, strict=False):
        if expected != found:
            return f"{found!r} in place of {expected!r}"
    if len(said) > len(due):
        return f"{said[len(due)]!r} was added"
    return f"{due[len(said)]!r} was left out" if len(said) < len(due) else None
