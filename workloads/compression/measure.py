"""Metrics, size and latency of what was made, side by side on this machine."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch

from workloads.compression.budget import Measured
from workloads.compression.forms import Made
from workloads.models.spec import load
from workloads.training.ranks import ALONE

_TURNS = 3
_ROUNDS = 10
_WARM = 3
"""Rounds of a turn that are not counted: threads of the one before may still be waiting for work."""


def measure(made: Mapping[str, Made]) -> dict[str, Measured]:
    """What each is worth, by name."""
    metrics = {name: one.candidate.task.judge(one.network.eval(), ALONE) for name, one in made.items()}
    latencies = side_by_side(made)
    return {
        name: Measured(metrics=metrics[name], bytes=len(one.content()), latency_ms=round(latencies[name], 4))
        for name, one in made.items()
    }


@torch.inference_mode()
def side_by_side(made: Mapping[str, Made]) -> dict[str, float]:
    """Milliseconds of one record, or of what the model has timed, the median.

    In turns, so that what else the machine does meets them all.
    """
    taken: dict[str, list[float]] = {name: [] for name in made}
    timed = {name: _timed(one) for name, one in made.items()}
    for name, once in [*timed.items()] * _TURNS:
        for number in range(_WARM + _ROUNDS):
            began = time.perf_counter()
            once()
            if number >= _WARM:
                taken[name].append((time.perf_counter() - began) * 1e3)
    return {name: float(np.median(times)) for name, times in taken.items()}


def _timed(one: Made) -> Callable[[], object]:
    given, own = one.candidate.given(1), one.candidate.parent.spec.timed
    if own:
        once: Callable[[], object] = load(own)(one.network, *given)
        return once
    return lambda: one.network(*given)
