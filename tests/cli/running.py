"""What a command left behind."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def changes(self) -> dict[str, int]:
        """What the stream's last operation counted."""
        told = [json.loads(line) for line in self.out.splitlines() if line.startswith('{"sequence"')]
        [*_, summary] = [event["summaryEvent"] for event in told if "summaryEvent" in event]
        found: dict[str, int] = summary["resourceChanges"]
        return found

    def must_refuse(self, parts: Sequence[str]) -> None:
        """Fail the test unless the input was refused with these words, and no traceback."""
        assert self.code == 2
        assert all(part in self.err for part in parts), self.err
        assert "Traceback" not in self.err


Run = Callable[..., Ran]
