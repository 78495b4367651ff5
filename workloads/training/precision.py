"""The numbers that a network computes with: as asked for, or what a probe finds fastest here."""

import time

import torch

from workloads.errors import InvalidInputError
from workloads.training.config import Precision, TrainingConfig
from workloads.training.ranks import Ranks

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}

_SIDE = 512
_ROUNDS = 5
_WORTH = 1.2
"""How much faster a shorter number must be to be chosen: it loses digits."""


def choose(config: TrainingConfig, ranks: Ranks) -> torch.dtype:
    """The configured precision, the same on every rank; raises InvalidInputError where it cannot be."""
    asked = config.precision
    if asked == "fp16" and ranks.device.type == "cpu":
        fix = "take bf16, fp32 or auto"
        raise InvalidInputError("--precision", asked, "needs a GPU: CPUs compute fp16 by emulation", fix)
    if asked != "auto":
        return DTYPES[asked]
    if config.deterministic:  # a probe may find something else when the run goes on
        return torch.float32
    return ranks.share(probe(ranks.device) if ranks.main else torch.float32)


def probe(device: torch.device) -> torch.dtype:
    """bf16 where a product of matrices is clearly faster in it than in fp32, else fp32."""
    seconds = {dtype: seconds_of_product(device, dtype, _SIDE) for dtype in (torch.float32, torch.bfloat16)}
    faster = seconds[torch.float32] > _WORTH * seconds[torch.bfloat16]
    return torch.bfloat16 if faster else torch.float32


def seconds_of_product(device: torch.device, dtype: torch.dtype, side: int) -> float:
    """The shortest time of a few products of two matrices (side, side)."""
    a = torch.ones(side, side, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        float((a @ a)[0, 0])  # reading a number waits for the device
        best = min(best, time.perf_counter() - began)
    return best


def name_of(dtype: torch.dtype) -> Precision:
    """fp32, bf16 or fp16."""
    return next(name for name, known in DTYPES.items() if known is dtype)
