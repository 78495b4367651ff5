"""Names for resources that were given none: as the official provider makes them, but repeatable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from datahall.sandbox.aws.plugin.table import Name

_HEX = 7
_PREFIXED_HEX = 26  # the length of the suffix that a name prefix gets from the official provider


@dataclass(frozen=True)
class Proposal:
    """What the engine's own autonaming configuration asks for."""

    name: str
    mode: Literal["propose", "enforce", "disable"]


def auto_name(rule: Name, urn: str, seed: bytes, prefix: str = "") -> str:
    """`<urn name>-<7 hex>`, or prefix and 26 hex digits; the same for the same URN and engine seed."""
    digest = hashlib.sha256(seed + urn.encode()).hexdigest()
    if prefix:
        return prefix + digest[:_PREFIXED_HEX]
    stem = urn.rsplit("::", 1)[-1]
    stem = stem.lower() if rule.lower else stem
    room = rule.limit - _HEX - 1 - len(rule.start)
    return f"{rule.start}{stem[:room]}-{digest[:_HEX]}"
