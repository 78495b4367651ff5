"""Weights rounded to the numbers that a form has, so that what is learnt or cut later fits it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from workloads.asking.eight_bits import as_eight_bits
from workloads.compression.candidate import Form, matrices

_MOST = 127
_ZEROS = 0.01


def _eight_bits(weight: Tensor) -> Tensor:
    """As ONNX Runtime rounds a tensor: 255 steps, zero among them."""
    step = weight.abs().max().clamp(min=1e-30) / _MOST
    return (weight / step).round() * step


ROUNDING: Mapping[Form, Callable[[Tensor], Tensor]] = {
    "bf16": lambda weight: weight.bfloat16().float(),
    "int8": _eight_bits,
    "int8-torchao": as_eight_bits,
}
"""Of the forms that have fewer numbers than fp32."""


@torch.no_grad()
def rounded(network: nn.Module, form: Form) -> None:
    """Round its matrices, in place, to what `form` has."""
    for module, _, weight in matrices(network):
        if _rounds(module, form):
            weight.copy_(ROUNDING[form](weight))


def _rounds(module: nn.Module, form: Form) -> bool:
    """Whether the form has other numbers for this module's matrices: torchao's only for linear layers."""
    return form in ROUNDING and (form != "int8-torchao" or isinstance(module, nn.Linear))


class _Held(nn.Module):
    """A weight as it is used while it learns: its zeros stay, the rest is rounded.

    The gradient goes past the rounding (straight-through: Bengio et al., 2013).
    """

    mask: Tensor

    def __init__(self, weight: Tensor, form: Form) -> None:
        super().__init__()
        self.register_buffer("mask", weight != 0)
        self.form = form

    def forward(self, weight: Tensor) -> Tensor:
        kept = weight * self.mask
        if self.form not in ROUNDING:
            return kept
        return kept + (ROUNDING[self.form](kept) - kept).detach()


@contextmanager
def held(network: nn.Module, form: Form) -> Iterator[None]:
    """Within it the network can learn: what was cut stays cut, what was rounded stays so."""
    found = [
        (module, name)
        for module, name, weight in matrices(network)
        if _rounds(module, form) or float((weight == 0).float().mean()) > _ZEROS
    ]
    for module, name in found:
        parametrize.register_parametrization(
            module, name, _Held(getattr(module, name).detach(), form if _rounds(module, form) else "fp32")
        )
    try:
        yield
    finally:
        for module, name in found:
            parametrize.remove_parametrizations(module, name)
