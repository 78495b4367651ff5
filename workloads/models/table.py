"""The models by name. Configurations are plain data: nothing here imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from workloads.errors import InvalidInputError
from workloads.models.config import MLPConfig
from workloads.training.config import TrainingConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model: the data it learns, its shape, how it is trained by default."""

    name: str
    title: str
    dataset: str
    config: MLPConfig
    training: TrainingConfig
    implementation: str
    """`module:Class`; the class is built from `config`."""

    def build(self, config: MLPConfig | None = None) -> "nn.Module":
        """The network with fresh weights; imports its module, and torch with it."""
        module, _, name = self.implementation.partition(":")
        network: Any = getattr(import_module(module), name)(config or self.config)
        built: nn.Module = network
        return built


MODELS: Mapping[str, ModelSpec] = {
    "mnist": ModelSpec(
        name="mnist",
        title="handwritten digits, 28 x 28 pixels, by a multi-layer perceptron",
        dataset="digits",
        config=MLPConfig(widths=(784, 512, 256, 128, 10)),
        training=TrainingConfig(),
        implementation="workloads.models.mlp:MLP",
    ),
}


def find_model(name: str) -> ModelSpec:
    """The model called `name`; raises InvalidInputError naming those that there are."""
    if name not in MODELS:
        rule = f"must be one of: {', '.join(sorted(MODELS))}"
        raise InvalidInputError("model", name, rule, "give one of them")
    return MODELS[name]
