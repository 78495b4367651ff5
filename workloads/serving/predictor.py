"""A registered version as a function from rows to probabilities."""

from collections.abc import Callable

import numpy as np
import torch
from safetensors.torch import load

from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card
from workloads.serving.batcher import Array

Predict = Callable[[Array], Array]
"""(n, width) of 0-1 -> probabilities (n, classes)."""


def load_predictor(spec: ModelSpec, card: Card, weights: bytes) -> Predict:
    """The network of `card` with `weights`; raises CorruptDataError if they do not fit together."""
    config = validate(type(spec.config), card.config.model, fix="train the model again")
    network = spec.build(config)
    try:
        network.load_state_dict(load(weights))
    except RuntimeError as error:
        name, fix = f"{card.model} {card.version}", "train the model again"
        raise CorruptDataError(name, str(error), "weights must fit the card's configuration", fix) from None
    network.eval()

    @torch.inference_mode()
    def predict(rows: Array) -> Array:
        scores: Array = network(torch.from_numpy(rows)).softmax(1).numpy()
        return scores

    return predict


def check(scores: Array, classes: int) -> None:
    """Raise CorruptDataError unless `scores` are probabilities of `classes` classes."""
    sums = scores.sum(1)
    if scores.shape[1:] != (classes,) or not np.allclose(sums, 1, atol=1e-3):
        rule = f"must answer with {classes} probabilities that sum to 1"
        raise CorruptDataError("warm-up prediction", scores.shape, rule, "train the model again")
