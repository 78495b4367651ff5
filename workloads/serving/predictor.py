"""A registered version as a function from rows to probabilities."""

import numpy as np
import torch

from workloads.asking.version import load_version
from workloads.errors import CorruptDataError
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card
from workloads.serving.batcher import Array
from workloads.serving.form import Predict


def load_predictor(spec: ModelSpec, card: Card, weights: bytes) -> Predict:
    """Rows (n, width) of 0-1 to probabilities (n, classes); raises CorruptDataError where they do not fit."""
    network = load_version(spec, card, weights).network

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
