"""What can go wrong, each told by field, value, rule and fix.

WorkloadError (exit 1)
├── InvalidInputError (exit 2)     the user's: a flag, a file, a site that does not fit
│   └── CorruptDataError           stored bytes that are not what their description says
├── StorageError (exit 1)          S3 refused or could not be reached
├── DivergedError (exit 1)         training that no longer learns
└── serving.problem.ProblemError   a request that is refused, with its HTTP status
"""

from pathlib import Path

_SHOWN = 120


class WorkloadError(Exception):
    """A failure that is told in one line and ends the program with `exit_code`."""

    exit_code = 1

    def __init__(self, field: str, value: object, rule: str, fix: str) -> None:
        self.field, self.value, self.rule, self.fix = field, shorten(value), rule, fix
        super().__init__(f"{field}: {self.value}: {rule}; {fix}")

    def __reduce__(self) -> tuple[type["WorkloadError"], tuple[str, ...]]:
        return type(self), (self.field, self.value, self.rule, self.fix)  # from a process of a search

    def as_dict(self) -> dict[str, str]:
        """The four parts, as error events and HTTP answers carry them."""
        return {"field": self.field, "value": self.value, "rule": self.rule, "fix": self.fix}


class InvalidInputError(WorkloadError):
    """Something the user gave does not fit."""

    exit_code = 2


class CorruptDataError(InvalidInputError):
    """Bytes that do not match their format or their recorded hash."""


class StorageError(WorkloadError):
    """The object store refused a request or could not be reached."""


class DivergedError(WorkloadError):
    """Training whose loss is no number any more, or far above that of chance."""


def shorten(value: object) -> str:
    """`value` as one short line, so that a message never echoes a whole body."""
    text = " ".join((str(value) if isinstance(value, str | Path) else repr(value)[: 4 * _SHOWN]).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
