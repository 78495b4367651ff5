"""The multi-layer perceptron."""

from itertools import pairwise

from torch import Tensor, nn

from workloads.models.mnist.config import MLPConfig


class MLP(nn.Module):
    """Linear layers with ReLU between them: (n, widths[0]) -> logits (n, widths[-1])."""

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(config.widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, widths[-1]) for x (n, widths[0]) or anything that flattens to it."""
        logits: Tensor = self.layers(x.flatten(1))
        return logits
