"""Hidden units taken out of a network's weights: those whose weights, in and out, are smallest."""

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


def strongest(made: Tensor, read: Tensor, share: float) -> Tensor:
    """Which units stay, in order, where `share` (0 to 1) of them goes.

    `made` (units, inputs) are the weights that make a unit, `read` (outputs, units) those that read it.
    """
    strength = made.norm(dim=1) * read.norm(dim=0)
    count = max(1, round(len(strength) * (1 - share)))
    stay: Tensor = strength.topk(count).indices.sort().values
    return stay


def narrow(weights: Weights, maker: str, reader: str, share: float) -> int:
    """Take units out between two linear layers, by name and in place; how many stay."""
    stay = strongest(weights[f"{maker}.weight"], weights[f"{reader}.weight"], share)
    for name in (f"{maker}.weight", f"{maker}.bias"):
        weights[name] = weights[name][stay]
    weights[f"{reader}.weight"] = weights[f"{reader}.weight"][:, stay]
    return len(stay)


@torch.no_grad()
def weights_of(network: nn.Module) -> Weights:
    """A network's weights by name, to be changed."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def filled(network: nn.Module, weights: Weights) -> nn.Module:
    """`network` with `weights`, to be asked."""
    network.load_state_dict(weights)
    return network.eval()
