"""The table of models."""

import pytest
import torch
from pydantic import ValidationError

from workloads.data.images import CLASSES, SIDE
from workloads.data.manifest import Manifest
from workloads.models.mnist.config import MLPConfig
from workloads.models.table import MODELS
from workloads.registry.gate import GATES


@pytest.mark.parametrize("name", sorted(MODELS))
def test_each_model_is_built_as_its_configuration_says(name: str) -> None:
    spec = MODELS[name]
    records = {"train": 30, "test": 10, "users": 5, "items": 7, "classes": 3, "answers": 2}
    manifest = Manifest(name="d", source="s", licence="l", preparation="p", records=records, files=())
    config = spec.fit(spec.config, manifest)
    network = spec.build(config)
    assert spec.name == name
    if config.parameters is not None:
        assert sum(p.numel() for p in network.parameters()) == config.parameters
    else:
        assert name in ("chatbot", "sentiment")  # their checkpoint tells


@pytest.mark.parametrize("name", ["mnist", "mnist-cnn"])
def test_digits_give_scores_of_ten_classes(name: str) -> None:
    assert MODELS[name].build()(torch.zeros(3, SIDE, SIDE)).shape == (3, CLASSES)
    assert MODELS[name].build()(torch.zeros(3, SIDE * SIDE)).shape == (3, CLASSES)


def test_each_model_has_a_gate() -> None:
    assert set(GATES) == set(MODELS)


def test_mnist_is_the_784_512_256_128_10_network() -> None:
    assert MODELS["mnist"].config == MLPConfig(widths=(784, 512, 256, 128, 10))
    assert MODELS["mnist"].config.parameters == 567_434


@pytest.mark.parametrize("widths", [(), (784,), (784, 0, 10), (784, -1)])
def test_widths_that_make_no_network_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        MLPConfig(widths=widths)
