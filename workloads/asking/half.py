"""A registered network whose weights have 16 bits."""

import torch
from torch import Tensor, nn


class Half(nn.Module):
    """A network with weights of 16 bits (bf16), given and giving fp32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.to(torch.bfloat16)

    def forward(self, *given: Tensor) -> Tensor:
        """The logits."""
        short = (each.bfloat16() if each.is_floating_point() else each for each in given)
        logits: Tensor = self.network(*short)
        return logits.float()
