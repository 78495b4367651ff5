"""The small convolutional network."""

from torch import Tensor, nn

from workloads.data.images import CLASSES, SIDE
from workloads.models.mnist.config import CNNConfig


class CNN(nn.Module):
    """Convolutions with ReLU and pooling, then linear layers: (n, 784) or (n, 28, 28) -> logits (n, 10)."""

    def __init__(self, config: CNNConfig) -> None:
        super().__init__()
        first, second = config.channels, 2 * config.channels
        self.layers = nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(config.flat, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, CLASSES),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, 10) for x (n, 28, 28) or anything that flattens to it."""
        logits: Tensor = self.layers(x.reshape(-1, 1, SIDE, SIDE))
        return logits
