"""What is in the account beyond what a new one has."""

from typing import Any


def inventory() -> list[dict[str, Any]]:
    """List it."""
    return []
