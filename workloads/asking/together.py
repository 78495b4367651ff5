"""Networks of one classifier that answer as one, by the mean of their probabilities."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Together(nn.Module):
    """Logits (n, classes) whose softmax is the mean of the members' softmaxes."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, *given: Tensor) -> Tensor:
        """Whatever each member is given."""
        said = torch.stack([member(*given).log_softmax(-1) for member in self.members])
        return said.logsumexp(0) - math.log(len(self.members))
