"""A data set before it is stored: its files, how many records they hold, and where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass

from workloads.fingerprint import sha256


@dataclass(frozen=True)
class Content:
    """Files by name, and the number of records by split (and of whatever else is counted)."""

    files: Mapping[str, bytes]
    records: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where data came from, for its manifest."""

    name: str
    source: str
    licence: str
    preparation: str


def held_out(text: str, of: int) -> bool:
    """Whether a text is among the one in `of` that is held out: by its hash, so the same is so anywhere."""
    return int(sha256(text.encode())[:8], 16) % of == 0
