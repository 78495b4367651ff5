"""Hidden units taken out of every block's feed-forward layer."""

import torch
from torch import nn

from workloads.command import expect, validate
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer
from workloads.models.narrow import filled, strongest, weights_of
from workloads.settings import NetworkSettings


def prune(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, LMConfig]:
    """A narrower network with the rest of the weights; `share` (0 to 1) of the hidden units goes."""
    shape, weights = expect(LMConfig, config), weights_of(network)
    for number in range(shape.layers):
        up, down = (f"blocks.{number}.{name}.weight" for name in ("up", "down"))
        gate, value = weights[up].chunk(2)  # a unit is a row of each
        stay = strongest(torch.cat([gate, value], dim=1), weights[down], share)
        weights[up] = torch.cat([gate[stay], value[stay]])
        weights[down] = weights[down][:, stay]
    made = validate(LMConfig, {**shape.model_dump(), "hidden": len(stay)}, prefix="--model-")
    return filled(Transformer(made), weights), made
