"""What a step costs: floating-point operations against what the device can do, and energy."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from workloads.training.precision import seconds_of_product
from workloads.training.task import Batch

_W_PER_CORE = 10.0
"""An x86 server's package under load, shared among its cores: an estimate, not a measurement."""
_GPU_SIDE = 1024
_THREAD_SIDE = 256
"""Of the matrices that are timed: as large as the device needs to be busy, and no larger.

A product of the latter takes a thread 0.4 ms, so that even beside other work some are not interrupted.
"""


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


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second that the device can do: from a data sheet, or as a product of matrices shows."""
    known = accelerator(device)
    if known and dtype is not torch.float32:
        return known.flops
    side = _side(device)
    return 2.0 * side**3 / seconds_of_product(device, dtype, side)


def _side(device: torch.device) -> int:
    """A multiple of 64; a thread has the same share of the work, however many there are."""
    if device.type == "cuda":
        return _GPU_SIDE
    return 64 * round(_THREAD_SIDE / 64 * math.cbrt(torch.get_num_threads()))


def accelerator(device: torch.device) -> Accelerator | None:
    """The data sheet of a device, or None for a CPU and what is not known."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((sheet for part, sheet in ACCELERATORS.items() if part in name), None)


@dataclass
class Cost:
    """What this process spends, and how well it uses its device."""

    peak: float
    watts: float
    """Of the accelerator, if there is one."""
    flops_per_step: float = 0.0
    """Of a whole batch's forward and backward pass on this rank; 0 until it was counted."""
    _cpu: float = field(default_factory=time.process_time)
    _began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def counting(self, share: float = 1.0) -> Iterator[None]:
        """Count what is computed within, which is that `share` of a whole batch: the first time, and no more.

        Products only, as torch counts them; what is computed twice to save memory is counted twice. Looking
        takes a little time, a step of its own would take a step's.
        """
        if self.flops_per_step or not share:
            yield
            return
        products = _Products()
        with products:
            yield
        self.flops_per_step = products.flops / share

    def measure(self, steps: int) -> dict[str, float]:
        """mfu (0 to 1) over the `steps` done, and energy_j, an estimate, both of this rank."""
        seconds = max(time.perf_counter() - self._began, 1e-9)
        joules = (time.process_time() - self._cpu) * _W_PER_CORE + seconds * self.watts
        return {
            "mfu": round(self.flops_per_step * steps / seconds / self.peak, 4),
            "energy_j": round(joules, 1),
        }


class _Products(TorchDispatchMode):
    """Adds up products by torch's formulas.

    torch's own FlopCounterMode takes other operations apart (SiLU's gradient), so that the step it looks at
    has other last bits than without it; and a run that goes on looks at another step than one unbroken.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch gives it no types
        self.flops = 0

    def __torch_dispatch__(
        self,
        func: OpOverload[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - torch's own signature
        """What `func` gives, counted."""
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula:
            self.flops += formula(*args, **(kwargs or {}), out_val=out)
        return out


def share_of(parts: Sequence[Batch], records: int) -> float:
    """Those parts of a rank's share of a whole batch, `records`: drawn by chance they differ."""
    return sum(len(part[-1]) for part in parts) / records
