"""A network on its way through the steps."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from workloads.asking.version import Loaded
from workloads.settings import NetworkSettings
from workloads.training.task import Task

Form = Literal["fp32", "bf16", "onnx", "int8", "int8-torchao"]
"""How a network is kept and run."""


@dataclass(frozen=True)
class Candidate:
    """A network that can still learn and be cut, and the form that it will have in the end."""

    network: nn.Module
    """In fp32; once a form of fewer bits was asked for, of numbers that it has too."""
    config: NetworkSettings
    parent: Loaded
    task: Task
    form: Form = "fp32"

    def given(self, records: int) -> tuple[Tensor, ...]:
        """What the network is given for so many records, as the loss gives it."""
        draws = self.task.draw(records, torch.Generator().manual_seed(0))
        seen: list[tuple[Tensor, ...]] = []

        def watched(*given: Tensor) -> Tensor:
            seen.append(tuple(each[:records] for each in given))
            answer: Tensor = self.network(*given)
            return answer

        with torch.inference_mode():
            self.task.loss(watched, self.task.batch(torch.arange(records), draws))
        return tuple(each.clone() for each in seen[0])


def matrices(network: nn.Module) -> list[tuple[nn.Module, str, nn.Parameter]]:
    """Its weights of two dimensions and more, each with its module and its name there."""
    return [
        (module, name, parameter)
        for module in network.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.dim() > 1
    ]
