"""The models' configurations."""

from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Width = Annotated[int, Field(ge=1, le=65536)]


class MLPConfig(BaseModel):
    """A multi-layer perceptron: the width of its input, of each hidden layer and of its output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    widths: Annotated[tuple[Width, ...], Field(min_length=2)]

    @property
    def parameters(self) -> int:
        """How many numbers are learnt: weights and biases."""
        return sum(before * after + after for before, after in pairwise(self.widths))
