"""Networks whose linear layers have weights of 8 bits by torchao, and how these are kept.

A weight NAME is then several tensors in the file: NAME/qdata (int8), NAME/scale, NAME/zero_point.
"""

from typing import Any

import torch
from torch import Tensor, nn

from workloads.asking.quiet import quiet

Tensors = dict[str, Tensor]

_MARK = "/qdata"


def eight_bits(network: nn.Module) -> nn.Module:
    """`network`, in place, with its linear layers' weights in int8, a scale a row; what flows stays fp32."""
    with quiet():
        from torchao.quantization import Int8WeightOnlyConfig, quantize_  # noqa: PLC0415 - where needed
    quantize_(network, Int8WeightOnlyConfig())
    return network


def as_eight_bits(weight: Tensor) -> Tensor:
    """A linear layer's weight (n, m) in fp32, rounded as torchao rounds it.

    Again it is another, by half a step at most: a row's largest is 127.5 steps, of which it keeps 127.
    """
    # on no device: this is called at each step of distilling, and weights would be drawn to be thrown away
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    layer.weight = nn.Parameter(weight.detach().clone())
    rounded: Tensor = eight_bits(nn.Sequential(layer)).get_parameter("0.weight").dequantize()
    return rounded


def is_eight_bits(tensors: Tensors) -> bool:
    """Whether these are a file's tensors of such a network."""
    return any(name.endswith(_MARK) for name in tensors)


def flat(state: Tensors) -> Tensors:
    """A state's tensors as a file holds them."""
    found: Tensors = {}
    for name, tensor in state.items():
        parts = _parts(tensor)
        found |= {f"{name}/{part}": each for part, each in parts.items()} or {name: tensor}
    return found


@torch.no_grad()
def filled(network: nn.Module, tensors: Tensors) -> nn.Module:
    """`network`, in 8 bits, with the tensors of `flat`; raises ValueError where they do not fit it."""
    eight_bits(network)
    left = dict(tensors)
    for name, own in network.state_dict().items():
        for key, mine in flat({name: own}).items():
            given = left.pop(key, None)
            if given is None or given.shape != mine.shape or given.dtype != mine.dtype:
                raise ValueError(f"{key} is missing, or of another shape or type")
            mine.copy_(given)
    if left:
        raise ValueError(f"{min(left)} is not known")
    return network


def _parts(tensor: Any) -> Tensors:  # noqa: ANN401 - a tensor, or torchao's kind of one
    if type(tensor) in (Tensor, nn.Parameter):
        return {}
    names, _ = tensor.__tensor_flatten__()
    return {name: getattr(tensor, name) for name in names}
