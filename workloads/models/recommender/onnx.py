"""The towers as one ONNX file, and towers that are answered by one."""

import torch
from torch import Tensor, nn

from workloads.asking.onnx_network import OnnxNetwork
from workloads.command import expect
from workloads.errors import CorruptDataError
from workloads.models.recommender.config import TowersConfig
from workloads.models.recommender.network import TwoTower
from workloads.registry.card import ONNX_FILE
from workloads.settings import NetworkSettings


class Towers(nn.Module):
    """Users (n,) and items (m, k) -> what each tower says of its own: what is exported."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.user_tower = network.get_submodule("user_tower")
        self.item_tower = network.get_submodule("item_tower")

    def forward(self, users: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """(n, dim) and (m, k, dim)."""
        return self.user_tower(users), self.item_tower(items)


class Tower(nn.Module):
    """One tower of the file; the other is given one record, and what it says is left."""

    def __init__(self, file: OnnxNetwork, number: int) -> None:
        super().__init__()
        self.file, self.number = (file,), number  # a tuple: it is no part of this module
        self._other = torch.zeros(1, dtype=torch.long)

    def forward(self, given: Tensor) -> Tensor:
        """Numbers (...) -> places (..., dim)."""
        flat = given.reshape(-1)
        both = (flat, self._other[None]) if self.number == 0 else (self._other, flat[None])
        return self.file[0].answers(*both)[self.number].reshape(*given.shape, -1)


def towers_of(file: OnnxNetwork, config: NetworkSettings) -> nn.Module:
    """Towers that `file` answers; raises CorruptDataError where they do not fit the configuration."""
    network = TwoTower(expect(TowersConfig, config))
    buffers = dict(file.named_buffers())
    for name, buffer in network.named_buffers(recurse=False):
        found = buffers.get(name)
        if found is None or found.shape != buffer.shape:
            rule, fix = f"must carry {name} of {tuple(buffer.shape)}", "compress its parent again"
            raise CorruptDataError("recommender", ONNX_FILE, rule, fix)
        buffer.copy_(found)
    network.user_tower, network.item_tower = Tower(file, 0), Tower(file, 1)
    return network
