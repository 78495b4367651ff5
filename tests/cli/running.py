"""What a command left behind."""

import json
from collections.abc import Callable
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


Run = Callable[..., Ran]
