"""What a compressed model may have lost and must have won, against its parent."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from workloads.models.spec import Measure
from workloads.settings import Settings


class Budget(Settings):
    """Each is a flag of `python -m workloads.compression`."""

    quality_lost: Annotated[
        float, Field(ge=0, le=10, description="what each measure may lose: points; of perplexity a share")
    ] = 0.01
    size_won: Annotated[
        float, Field(lt=1, description="share by which it must be smaller; below 0: larger")
    ] = -10
    latency_won: Annotated[
        float, Field(lt=1, description="share by which it must be faster; below 0: slower")
    ] = -10


class Measured(Settings):
    """What was measured of a model on this machine."""

    metrics: dict[str, Annotated[float, Field(allow_inf_nan=True)]]
    """The model's own, on the held-out data."""
    bytes: int
    latency_ms: float
    """Median of one record."""

    def told(self, kept: Sequence[Measure]) -> dict[str, float]:
        """What it is judged by."""
        quality = {measure.name: self.metrics[measure.name] for measure in kept}
        return {**quality, "bytes": self.bytes, "latency_ms": self.latency_ms}


def over(budget: Budget, kept: Sequence[Measure], parent: Measured, child: Measured) -> list[str]:
    """Why `child` is refused; empty where it is within the budget."""
    found = ((measure, lost(measure, parent, child)) for measure in kept)
    reasons = [
        f"lost {less:.4f}{' of the parent' if measure.share else ''} of {measure.name}"
        f" ({parent.metrics[measure.name]:g} -> {child.metrics[measure.name]:g}),"
        f" {budget.quality_lost} may be"
        for measure, less in found
        if not less <= budget.quality_lost
    ]
    for won, asked, what in (
        (1 - child.bytes / parent.bytes, budget.size_won, "smaller"),
        (1 - child.latency_ms / parent.latency_ms, budget.latency_won, "faster"),
    ):
        if won < asked:
            reasons.append(f"is {won:.1%} {what}, {asked:.1%} is asked for")
    return reasons


def lost(measure: Measure, parent: Measured, child: Measured) -> float:
    """How much worse the child is: points, or a share of the parent's; below 0: better."""
    before, after = parent.metrics[measure.name], child.metrics[measure.name]
    less = before - after if measure.higher_is_better else after - before
    return less / before if measure.share else less
