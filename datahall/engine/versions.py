"""Semantic versions, as packages and plugins have them."""

from __future__ import annotations

import re
from typing import Final

_NUMBER = r"(0|[1-9]\d*)"
_FORM: Final = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?"
)
Order = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def parse(text: str) -> Order | None:
    """What orders versions; None for a text that is none. What comes after a `+` has no part in it."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    core = tuple(int(match[index]) for index in (1, 2, 3))
    parts = (match["pre"] or "").split(".") if match["pre"] else []
    before = tuple((False, int(part), "") if part.isdigit() else (True, 0, part) for part in parts)
    return core, not before, before


def at_least(have: str, asked: str) -> bool:
    """Whether one version is another or a newer one; a text that is no version is not."""
    ours, theirs = parse(have), parse(asked)
    return ours is not None and theirs is not None and ours >= theirs
