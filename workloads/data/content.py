"""A data set before it is stored: its files, how many records they hold, and where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from workloads.fingerprint import sha256

T = TypeVar("T")


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


def once(records: Sequence[T]) -> tuple[list[T], dict[str, int]]:
    """Each record once, in order; and how many were left out for being there before, if any were."""
    kept = list(dict.fromkeys(records))
    again = len(records) - len(kept)
    return kept, {"duplicates": again} if again else {}


def held_out(text: str, of: int) -> bool:
    """Whether a text is among the one in `of` that is held out: by its hash, so the same is so anywhere."""
    return int(sha256(text.encode())[:8], 16) % of == 0
