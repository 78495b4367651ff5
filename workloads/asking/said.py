"""What an answer is, and what gives answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workloads.errors import InvalidInputError


@dataclass(frozen=True)
class Said:
    """An answer; `how` it came about, where there are several ways, and a note on that."""

    text: str
    how: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For events and HTTP; what is empty is left out."""
        told = {"how": self.how, "note": self.note}
        return {"answer": self.text, **{name: value for name, value in told.items() if value}}


Answerer = Callable[[Sequence[str]], list[Said | InvalidInputError]]
"""Questions -> an answer to each, or why it cannot be answered."""
