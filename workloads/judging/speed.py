"""How long a version takes, and how large it is; on this machine, as it is loaded now."""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from workloads.training.task import Task

_ROUNDS = 20
_WARM = 3
_BATCH = 32


def latency(task: Task, network: nn.Module) -> dict[str, float]:
    """Milliseconds of a forward pass with its loss: of one record, and of each of 32 together."""
    found: dict[str, float] = {}
    for name, size in (("one", 1), ("batch", min(_BATCH, task.records))):
        draws = task.draw(size, torch.Generator().manual_seed(0))
        batch = task.batch(torch.arange(size), draws)

        def once(batch: tuple[torch.Tensor, ...] = batch) -> None:
            with torch.inference_mode():
                task.loss(network, batch)

        times = milliseconds(once) / size
        found |= {f"{name}_p50_ms": round(float(np.median(times)), 4)}
        found |= {f"{name}_p95_ms": round(float(np.quantile(times, 0.95)), 4)}
    return found


def milliseconds(once: Callable[[], None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a number of rounds took, each by itself, after a few that are not counted."""
    times = []
    for _ in range(_WARM + _ROUNDS):
        began = time.perf_counter()
        once()
        times.append((time.perf_counter() - began) * 1e3)
    return np.array(times[_WARM:])
