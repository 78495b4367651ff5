"""What a stage did: how many it took, gave and rejected and why; kept beside its output."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workloads.files import write_whole
from workloads.fingerprint import canonical
from workloads.pipeline.record import Record


class Done(BaseModel):
    """A stage that has ended; `recipe` names all that its output depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str
    output: str
    """The output's SHA-256."""
    given: int
    rejected: dict[str, int]
    extra: dict[str, Any] = Field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """For people, and for the data set."""
        return {"given": self.given, "rejected": self.rejected, **self.extra}


def read_done(path: Path) -> Done | None:
    """What `write_done` wrote, or None where it is not there or not whole."""
    try:
        return Done.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_done(path: Path, done: Done) -> None:
    """Keep it; written after the output, so what it tells of is there."""
    write_whole(path, [canonical(done.model_dump(mode="json"))])


@dataclass
class Ledger:
    """Counts what goes through a stage; what is rejected is held in memory until the stage has ended."""

    taken: int = 0
    given: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    lines: list[bytes] = field(default_factory=list)

    def reject(self, reason: str, origin: str, content: object) -> None:
        """Quarantine something, under its reason."""
        self.rejected[reason] += 1
        entry = {"reason": reason, "origin": origin, "content": content}
        self.lines.append(json.dumps(entry, sort_keys=True).encode() + b"\n")

    def give(self, records: Iterator[Record]) -> Iterator[bytes]:
        """The records as lines, counted."""
        for record in records:
            self.given += 1
            yield record.line()

    def take(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records, counted as they are handed out."""
        for record in records:
            self.taken += 1
            yield record
