"""Hidden neurons taken out of the perceptron: those whose weights, in and out, are smallest."""

from itertools import pairwise

import torch
from torch import nn

from workloads.command import expect
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.settings import NetworkSettings


@torch.no_grad()
def prune(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, MLPConfig]:
    """A narrower network with the rest of the weights; `share` (0 to 1) of each hidden layer goes."""
    shape = expect(MLPConfig, config)
    old = [module for module in network.modules() if isinstance(module, nn.Linear)]
    kept = [torch.arange(shape.widths[0])]
    for before, after in pairwise(old):
        weight = before.weight.norm(dim=1) * after.weight.norm(dim=0)
        count = max(1, round(len(weight) * (1 - share)))
        kept.append(weight.topk(count).indices.sort().values)
    kept.append(torch.arange(shape.widths[-1]))
    narrow = MLPConfig(widths=tuple(len(part) for part in kept))
    made = MLP(narrow).eval()
    new = [module for module in made.modules() if isinstance(module, nn.Linear)]
    for layer, source, inputs, outputs in zip(new, old, kept[:-1], kept[1:], strict=True):
        layer.weight.copy_(source.weight[outputs][:, inputs])
        layer.bias.copy_(source.bias[outputs])
    return made, narrow
