"""A record between two stages, and what becomes of one that does not pass."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workloads.fingerprint import canonical, sha256

TEXT, LABEL = "text", "label"
_ID = 16

Fields = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """Fields, where they came from, and a name that follows from both."""

    id: str
    origin: str
    fields: Fields

    @property
    def text(self) -> str:
        """The text; every record behind the first stage has one."""
        return str(self.fields[TEXT])

    def having(self, **fields: object) -> "Record":
        """The same record with other fields."""
        return Record(self.id, self.origin, {**self.fields, **fields})

    def line(self) -> bytes:
        """One line of JSON."""
        return canonical({"id": self.id, "origin": self.origin, "fields": self.fields}) + b"\n"


Reject = Callable[[str, str, object], None]
"""`reject(reason, origin, content)`: quarantined and counted under its reason."""


def new_record(origin: str, fields: Fields) -> Record:
    """A record of `fields` found at `origin`; raises ValueError for numbers that JSON does not have."""
    return Record(sha256(canonical([origin, fields]))[:_ID], origin, fields)


def read(path: Path) -> Iterator[Record]:
    """The records of a stage's file."""
    with path.open("rb") as file:
        for line in file:
            parts = json.loads(line)
            yield Record(parts["id"], parts["origin"], parts["fields"])
