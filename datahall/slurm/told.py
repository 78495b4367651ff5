"""A Slurm job in words."""

from collections.abc import Mapping
from typing import Any


def described(event: Mapping[str, Any]) -> str:
    """A ``job`` event in words."""
    where = f" on {event['nodes']}" if event["nodes"] not in ("", "(null)") else ""
    why = f" ({event['reason']})" if event["reason"] not in ("", "None") else ""
    return f"job {event['job']} is {event['state'].lower()}{where}{why}, restarts: {event['restarts']}"
