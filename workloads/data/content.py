"""A data set before it is stored: its files, how many records they hold, and where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from workloads.errors import CorruptDataError
from workloads.fingerprint import sha256

AGAIN = "put the data set there again"
"""What mends one that is there, and is not as it was written."""

T = TypeVar("T")

_NAMES = TypeAdapter(list[str])


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


def names_of(content: bytes, name: str) -> list[str]:
    """The names in a file of them, as JSON; raises CorruptDataError naming the file."""
    try:
        return _NAMES.validate_json(content)
    except ValidationError as error:
        rule = f"must be a JSON list of names ({error.errors()[0]['msg']})"
        raise CorruptDataError(name, f"{len(content)} bytes", rule, AGAIN) from None
