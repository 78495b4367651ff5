"""What a step costs: floating-point operations against what the device can do, and energy."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from workloads.training.precision import seconds_of_product
from workloads.training.task import Batch, Task

_W_PER_CORE = 10.0
"""An x86 server's package under load, shared among its cores: an estimate, not a measurement."""
_SIDES = {"cpu": 512, "cuda": 1024}
"""Of the matrices that are timed: as large as the device needs to be busy, and no larger."""


@dataclass(frozen=True)
class Accelerator:
    """A GPU's dense 16-bit peak and its board power, as its maker's data sheet has them."""

    flops: float
    watts: float


ACCELERATORS: Mapping[str, Accelerator] = {
    "A100": Accelerator(312e12, 400),
    "H100": Accelerator(989e12, 700),
    "H200": Accelerator(989e12, 700),
}
"""By a part of the device's name."""


def flops_of(task: Task, network: nn.Module, parts: Sequence[Batch], dtype: torch.dtype) -> int:
    """Floating-point operations of a step's forward and backward pass on this rank, counted on one part.

    Products only, as torch counts them; what is computed twice to save memory is counted twice.
    """
    counter: Any = FlopCounterMode(display=False)
    device = next(network.parameters()).device
    with counter:
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            loss = task.loss(network, parts[0])
        torch.autograd.backward(loss)
    network.zero_grad()
    return int(counter.get_total_flops()) * len(parts)


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second that the device can do: from a data sheet, or as a product of matrices shows."""
    known = accelerator(device)
    if known and dtype is not torch.float32:
        return known.flops
    side = _SIDES[device.type]
    return 2.0 * side**3 / seconds_of_product(device, dtype, side)


def accelerator(device: torch.device) -> Accelerator | None:
    """The data sheet of a device, or None for a CPU and what is not known."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((sheet for part, sheet in ACCELERATORS.items() if part in name), None)


@dataclass
class Cost:
    """What this process spends, and how well it uses its device."""

    flops_per_step: int
    peak: float
    watts: float
    """Of the accelerator, if there is one."""
    _cpu: float = field(default_factory=time.process_time)
    _began: float = field(default_factory=time.perf_counter)

    def measure(self, steps: int) -> dict[str, float]:
        """mfu (0 to 1) over the `steps` done, and energy_j, an estimate, both of this rank."""
        seconds = max(time.perf_counter() - self._began, 1e-9)
        joules = (time.process_time() - self._cpu) * _W_PER_CORE + seconds * self.watts
        return {
            "mfu": round(self.flops_per_step * steps / seconds / self.peak, 4),
            "energy_j": round(joules, 1),
        }
