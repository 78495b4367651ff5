"""A data set before it is stored: its files, how many records they hold, and where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass


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
