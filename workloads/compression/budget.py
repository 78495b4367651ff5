"""What a compressed model may have lost and must have won, against its parent."""

from typing import Annotated

from pydantic import Field

from workloads.settings import Settings


class Budget(Settings):
    """Shares of the parent's; each is a flag of `python -m workloads.compression`."""

    accuracy_lost: Annotated[float, Field(ge=0, le=1, description="accuracy that may be lost, points")] = 0.01
    size_won: Annotated[
        float, Field(lt=1, description="share by which it must be smaller; below 0: larger")
    ] = -10
    latency_won: Annotated[
        float, Field(lt=1, description="share by which it must be faster; below 0: slower")
    ] = -10


class Measured(Settings):
    """What was measured of a model on this machine."""

    accuracy: float
    bytes: int
    latency_ms: float
    """Median of one record."""


def over(budget: Budget, parent: Measured, child: Measured) -> list[str]:
    """Why `child` is refused; empty where it is within the budget."""
    lost = parent.accuracy - child.accuracy
    smaller = 1 - child.bytes / parent.bytes
    faster = 1 - child.latency_ms / parent.latency_ms
    judged = (
        (lost > budget.accuracy_lost, f"lost {lost:.4f} of accuracy, {budget.accuracy_lost} may be"),
        (smaller < budget.size_won, f"is {smaller:.1%} smaller, {budget.size_won:.1%} is asked for"),
        (faster < budget.latency_won, f"is {faster:.1%} faster, {budget.latency_won:.1%} is asked for"),
    )
    return [reason for failed, reason in judged if failed]
