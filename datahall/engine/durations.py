"""Durations as Go writes them (`1h30m`), in seconds."""

from __future__ import annotations

import re
from typing import Final

from datahall.engine.errors import Unsupported

_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BELOW_A_SECOND: Final = (("ms", 10**6), ("µs", 10**3), ("ns", 1))


def seconds(what: str, text: str) -> float:
    """The seconds that `text` says. Raises Unsupported, with `what` it is, for no duration."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Unsupported(f"{what}: {text!r}: not a duration; write it like 5m or 1h30m")
    total = sum((float(number) * _SECONDS[unit] for number, unit in parts), 0.0)
    return int(total) if total.is_integer() else total


def text(value: float) -> str:
    """Seconds in the form that Go gives them (`1h30m0s`, `1.5s`, `20ms`)."""
    nanoseconds = round(value * 10**9)
    if 0 < nanoseconds < 10**9:
        unit, size = next((unit, size) for unit, size in _BELOW_A_SECOND if nanoseconds >= size)
        return _decimal(nanoseconds, size) + unit
    minutes, rest = divmod(nanoseconds, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    written = _decimal(rest, 10**9) + "s"
    if hours:
        return f"{hours}h{minutes}m{written}"
    return f"{minutes}m{written}" if minutes else written


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    digits = f"{rest:0{len(str(size)) - 1}d}".rstrip("0") if size > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)
