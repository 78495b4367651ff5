"""Weights of which many are zero, kept as the others and a bit for each: what a weights file holds.

A tensor NAME is then three: NAME|kept (the weights that are not zero), NAME|where (a bit for each
weight, eight a byte), NAME|shape.
"""

import numpy as np
import torch
from torch import Tensor

Tensors = dict[str, Tensor]

_WORTH = 0.1
"""Share of zeros from which on it is done; a bit for each of fp32's is a thirty-second."""


def pack(tensors: Tensors) -> Tensors:
    """The same, smaller where much of it is zero."""
    found: Tensors = {}
    for name, tensor in tensors.items():
        kept = tensor != 0
        if tensor.is_floating_point() and float((~kept).float().mean()) >= _WORTH:
            bits = torch.from_numpy(np.packbits(kept.flatten().numpy()))
            parts = {"kept": tensor[kept], "where": bits, "shape": torch.tensor(tensor.shape)}
            found |= {f"{name}|{part}": each for part, each in parts.items()}
        else:
            found[name] = tensor.contiguous()
    return found


def unpack(tensors: Tensors) -> Tensors:
    """What `pack` was given; raises ValueError or RuntimeError for parts that do not fit together."""
    found = {name: tensor for name, tensor in tensors.items() if "|" not in name}
    for name in [name.removesuffix("|where") for name in tensors if name.endswith("|where")]:
        kept, where, shape = (tensors.get(f"{name}|{part}") for part in ("kept", "where", "shape"))
        if kept is None or where is None or shape is None:
            raise ValueError(f"{name} is not whole")
        size = int(shape.prod())
        places = torch.from_numpy(np.unpackbits(where.numpy(), count=size).astype(bool))
        if int(places.sum()) != len(kept):
            raise ValueError(f"{name} is not whole")
        flat = torch.zeros(size, dtype=kept.dtype)
        flat[places] = kept
        found[name] = flat.view(*shape.tolist())
    return found
