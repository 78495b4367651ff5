"""`requiredPulumiVersion`: whether this engine will do for what asks for a Pulumi version."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from datahall.engine import versions

FOLLOWED: Final = "3.260.0"  # the official engine that this one does as
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "": operator.eq,
    "=": operator.eq,
    "==": operator.eq,
    "!": operator.ne,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TERM = re.compile(r"([<>=!]*)\s*([0-9][0-9A-Za-z.+-]*)")


def wrong_with(asked: str) -> str | None:
    """What is wrong with a range such as `>=3.0.0 !3.1.2 || <2.0.0`: none, or one without this engine."""
    ours = versions.parse(FOLLOWED)
    holds = False
    for alternative in asked.split("||"):
        if _TERM.sub("", alternative).strip() or not alternative.strip():
            return "not a range of versions; write it like >=3.0.0"
        terms = []
        for comparison, text in _TERM.findall(alternative):
            theirs = versions.parse(text)
            if theirs is None or comparison not in _COMPARISONS:
                return "not a range of versions; write it like >=3.0.0"
            terms.append(_COMPARISONS[comparison](ours, theirs))
        holds = holds or all(terms)
    return (
        None if holds else f"this engine does as Pulumi {FOLLOWED}, which is not in it; use the official CLI"
    )
