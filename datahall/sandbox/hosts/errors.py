"""What goes wrong with emulated hosts, and whose mistake it is."""

from dataclasses import dataclass


@dataclass
class HostsUsageError(Exception):
    """A user's mistake, or a machine that cannot do this: field, value, rule and fix. Exit code 2."""

    field: str
    value: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value}: {self.rule}; {self.fix}"


class HostsFailedError(Exception):
    """Something broke on the way: a short message. Exit code 1."""
