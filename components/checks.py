"""Checks that the components' arguments share; a value still to be known (an Output) is not judged."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from components.errors import InvalidArgs, meant

RETENTION_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Periods of a year or more that CloudWatch Logs accepts (PutRetentionPolicy)."""

_NAME = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


def check_name(field: str, value: str) -> None:
    """Names end up in bucket, role and cluster names, so they obey the strictest of these."""
    if not _NAME.fullmatch(value):
        raise InvalidArgs(
            field,
            value,
            "must be 3 to 40 characters of a-z, 0-9 and '-', begin with a letter and not end with '-'",
            "shorten or re-spell it",
        )


def check_range(field: str, value: object, low: int, high: int, fix: str) -> None:
    """Refuses a plain number outside ``low`` to ``high``, and anything that is no whole number."""
    if isinstance(value, pulumi.Output):
        return
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidArgs(field, value, f"must be a whole number from {low} to {high}", fix)


def check_choice(field: str, value: object, choices: Collection[str]) -> None:
    """Refuses a value that is not among ``choices``."""
    if isinstance(value, pulumi.Output):
        return
    if value not in choices:
        listed = ", ".join(sorted(choices))
        raise InvalidArgs(field, value, f"must be one of {listed}", meant(str(value), choices))


def check_retention(field: str, value: object) -> None:
    """Logs are kept for a year or more, and for a period that CloudWatch Logs knows."""
    if isinstance(value, pulumi.Output) or value in RETENTION_DAYS:
        return
    listed = ", ".join(str(days) for days in RETENTION_DAYS)
    raise InvalidArgs(field, value, "must be a year or more, in days", f"use one of {listed}")


def check_text(field: str, value: object, pattern: str, rule: str, fix: str) -> None:
    """Refuses a plain text that does not match ``pattern`` in full."""
    if isinstance(value, pulumi.Output):
        return
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise InvalidArgs(field, value, rule, fix)


def check_tags(field: str, tags: Mapping[str, Any]) -> None:
    """AWS's rules for tags: 1-128 and 0-256 characters, no ``aws:`` prefix; ``Name`` is ours."""
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise InvalidArgs(f"{field}.{key}", key, "tag keys are 1-128 characters, not 'aws:'", "rename it")
        if key == "Name":
            raise InvalidArgs(f"{field}.Name", value, "Name is set by the component", "remove it")
        if isinstance(value, str) and len(value) > 256:
            raise InvalidArgs(
                f"{field}.{key}", value, "tag values have 256 characters or fewer", "shorten it"
            )
