"""What a component raises when an argument breaks a rule."""

import difflib
from collections.abc import Iterable

import pulumi


class InvalidArgs(pulumi.RunError, ValueError):  # noqa: N818 - named as in the contracts between parts
    """An argument that breaks a rule, told as ``field: value: rule; fix``.

    A ``pulumi.RunError``, so that an engine prints the message and no traceback.
    """

    def __init__(self, field: str, value: object, rule: str, fix: str) -> None:
        super().__init__(f"{field}: {value}: {rule}; {fix}")
        self.field = field
        self.value = value
        self.rule = rule
        self.fix = fix


def meant(value: str, known: Iterable[str], *, count: int = 3) -> str:
    """``did you mean a, b?`` for the names closest to ``value``, or plain advice where none is close."""
    matches = difflib.get_close_matches(value, sorted(known), n=count, cutoff=0.6)
    return f"did you mean {', '.join(matches)}?" if matches else "choose one of these"


def near(value: str, known: Iterable[str], *, count: int = 3) -> str:
    """As ``meant``, but lists some known names where none is close."""
    names = sorted(known)
    if difflib.get_close_matches(value, names, n=count, cutoff=0.6):
        return meant(value, names, count=count)
    return f"use one of {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}"
