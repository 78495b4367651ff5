"""Kubernetes versions that EKS runs, and until when (EKS user guide, "Kubernetes release calendar")."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Support:
    """Last days of standard support and of extended support, which costs extra by the hour."""

    standard: date
    extended: date


# as of April 2026
VERSIONS: Mapping[str, Support] = {
    "1.32": Support(standard=date(2026, 3, 23), extended=date(2027, 3, 23)),
    "1.33": Support(standard=date(2026, 7, 29), extended=date(2027, 7, 29)),
    "1.34": Support(standard=date(2026, 12, 2), extended=date(2027, 12, 2)),
    "1.35": Support(standard=date(2027, 3, 27), extended=date(2028, 3, 27)),
}

NEWEST = "1.35"


def support_ended(version: str, *, extended: bool, today: date) -> date | None:
    """The day on which support of ``version`` ended, or None while it lasts."""
    support = VERSIONS[version]
    last = support.extended if extended else support.standard
    return last if today > last else None
