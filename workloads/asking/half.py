"""A registered network whose weights have 16 bits."""

from typing import Any

import torch
from torch import Tensor, nn


def halved(network: nn.Module) -> nn.Module:
    """`network` with weights of 16 bits (bf16), in place, given and giving fp32.

    Its buffers stay as they are: a threshold of 16 bits would be another.
    """
    for parameter in network.parameters():
        parameter.data = parameter.data.bfloat16()
    network.register_forward_pre_hook(_shorten)
    network.register_forward_hook(_lengthen)
    return network


def _shorten(_network: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        each.bfloat16() if isinstance(each, Tensor) and each.is_floating_point() else each for each in given
    )


def _lengthen(_network: nn.Module, _given: tuple[Any, ...], answer: Tensor) -> Tensor:
    return answer.to(torch.float32)
