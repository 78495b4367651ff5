"""How a case is written: one compliant resource, and the single changes that break it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ABSENT: Final = object()
"""A change that removes the property."""

KEY = "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
AWS_KEY = "alias/aws/ebs"
IMDSV2 = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A resource that complies with a rule, and how it breaks it."""

    rule: str
    type: str
    compliant: Mapping[str, Any]
    broken: tuple[tuple[str, Any], ...]
    """(dotted path, value put there); the resource must then be refused by this rule."""
    unknown: tuple[str, ...] = ()
    """Paths that decide the rule: not known, the rule cannot be judged."""
    also: tuple[tuple[str, Any], ...] = field(default=())
    """Changes that leave it compliant."""


def changed(properties: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a resource's properties with one of them changed."""
    result = copy.deepcopy(dict(properties))
    *outer, last = path.split(".")
    place: Any = result
    for step in outer:
        place = place[int(step) if isinstance(place, list) else step]
    key: Any = int(last) if isinstance(place, list) else last
    if value is ABSENT:
        del place[key]
    else:
        place[key] = value
    return result


def label(value: object) -> str:
    """Return a short name of a value, for a test's id."""
    return "absent" if value is ABSENT else str(value)[:40]


def each(cases: tuple[Case, ...], kind: str) -> Iterator[tuple[Case, str, Any]]:
    """Yield (case, path, value) for every change of a kind (broken, also) of every case."""
    for case in cases:
        for path, value in getattr(case, kind):
            yield case, path, value
