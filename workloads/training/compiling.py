"""torch.compile, where it is asked for or measured to be faster: on some machines it is many times slower."""

import copy
import time
from typing import Any

import torch
from torch import nn

from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.training.batches import batches
from workloads.training.config import TrainingConfig
from workloads.training.cost import Cost
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Task

_ROUNDS = 3
_WORTH = 1.05
"""How much faster it must be: compiling itself takes a minute or more."""


def compiled(
    network: nn.Module,
    task: Task,
    config: TrainingConfig,
    ranks: Ranks,
    *,
    dtype: torch.dtype,
    emit: Emit,
    cost: Cost,
) -> nn.Module:
    """`network`, or its compiled form, the same on every rank; tells `compiled` of what a probe found.

    What is compiled cannot be counted while it runs: `cost` is told before. Raises InvalidInputError where
    `--compile on` cannot be obeyed.
    """
    if config.compile == "off":
        return network
    parts = next(batches(task, config, 0, ranks))  # of which nothing is learnt
    chosen = config.compile == "on"
    if config.compile == "auto":
        found = ranks.share(_probe(network, task, parts[0], dtype) if ranks.main else {})
        chosen = bool(found["chosen"])
        emit("compiled", **found)
    if not chosen:
        return network
    with cost.counting(1 / len(parts)):
        _seconds(network, task, parts[0], dtype)
    made: Any = torch.compile(network)
    try:
        _seconds(made, task, parts[0], dtype)
    except Exception as error:  # whatever a compiler and torch's own may raise
        rule = f"must be possible here ({str(error).splitlines()[0]})"
        raise InvalidInputError("--compile", config.compile, rule, "take off or auto") from error
    network.zero_grad()
    result: nn.Module = made
    return result


def _probe(network: nn.Module, task: Task, part: Batch, dtype: torch.dtype) -> dict[str, object]:
    """Seconds of a pass as it is and compiled, on a copy that learns nothing."""
    plain = copy.deepcopy(network)
    seconds = min(_seconds(plain, task, part, dtype) for _ in range(_ROUNDS))
    found: dict[str, object] = {"chosen": False, "plain_s": round(seconds, 6), "compiled_s": None}
    made: Any = torch.compile(plain)
    try:
        _seconds(made, task, part, dtype)
    except Exception as error:  # no compiler is a finding here, not a fault
        return {**found, "reason": str(error).splitlines()[0]}
    faster = min(_seconds(made, task, part, dtype) for _ in range(_ROUNDS))
    worth = seconds > _WORTH * faster
    return {
        **found,
        "chosen": worth,
        "compiled_s": round(faster, 6),
        "reason": "faster" if worth else "slower",
    }


def _seconds(network: nn.Module, task: Task, part: Batch, dtype: torch.dtype) -> float:
    """One forward and backward pass."""
    began = time.perf_counter()
    with torch.autocast(part[0].device.type, dtype, enabled=dtype is not torch.float32):
        loss = task.loss(network, part)
    torch.autograd.backward(loss)
    float(loss.detach())  # waits for the device
    return time.perf_counter() - began
