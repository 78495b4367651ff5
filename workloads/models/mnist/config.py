"""The configurations of both networks, and of the augmentation."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field

from workloads.data.images import CLASSES, SIDE
from workloads.settings import NetworkSettings, Settings

Width = Annotated[int, Field(ge=1, le=65536)]


class MLPConfig(NetworkSettings):
    """A multi-layer perceptron: the width of its input, of each hidden layer and of its output."""

    widths: Annotated[tuple[Width, ...], Field(min_length=2)]

    @property
    def parameters(self) -> int:
        """How many numbers are learnt: weights and biases."""
        return sum(before * after + after for before, after in pairwise(self.widths))

    @property
    def width(self) -> int:
        """Numbers an instance."""
        return self.widths[0]

    @property
    def classes(self) -> int:
        """Scores a prediction."""
        return self.widths[-1]


class CNNConfig(NetworkSettings):
    """Two convolutions of 3 x 3, each halved by pooling, then a hidden layer."""

    channels: Annotated[int, Field(ge=1, le=1024, description="of the first convolution; twice that after")]
    hidden: Annotated[int, Field(ge=1, le=65536, description="width of the hidden layer")]

    @property
    def parameters(self) -> int:
        """How many numbers are learnt: weights and biases."""
        first, second = self.channels, 2 * self.channels
        layers = ((9, first), (9 * first, second), (self.flat, self.hidden), (self.hidden, CLASSES))
        return sum(inputs * outputs + outputs for inputs, outputs in layers)

    @property
    def flat(self) -> int:
        """Numbers that reach the hidden layer."""
        return 2 * self.channels * (SIDE // 4) ** 2

    @property
    def width(self) -> int:
        """Numbers an instance."""
        return SIDE * SIDE

    @property
    def classes(self) -> int:
        """Scores a prediction."""
        return CLASSES


class AugmentConfig(Settings):
    """How images are moved at random while they are learnt."""

    shift: Annotated[float, Field(ge=0, le=14, description="largest random shift, pixels")] = 1.0
    rotation: Annotated[float, Field(ge=0, le=180, description="largest random rotation, degrees")] = 8.0
