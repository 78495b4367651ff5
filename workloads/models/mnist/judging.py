"""What is looked at when a version is judged: its scores, and the pixels that counted."""

from collections.abc import Mapping

import numpy as np
import torch
from captum.attr import FeatureAblation, IntegratedGradients
from numpy.typing import NDArray
from torch import Tensor, nn

from workloads.asking.version import Loaded
from workloads.data.images import from_files
from workloads.judging.classified import Classified, Shown, thirds, verdict

_SHOWN = 4
_STEPS = 64
_PATCH = 4
"""Pixels a side of what is taken out together."""


def classify(loaded: Loaded, files: Mapping[str, bytes]) -> Classified:
    """Probabilities of the held-out digits; sliced by how much ink they have."""
    part = from_files(files).test
    images = torch.tensor(part.images).float() / 255
    with torch.inference_mode():
        scores = loaded.network(images).softmax(1).double().numpy()
    ink = part.images.reshape(len(images), -1).mean(1).astype(np.float64)
    slices = {"ink": thirds(ink, ("little", "medium", "much"))}
    names = [str(digit) for digit in range(scores.shape[1])]
    return Classified(scores=scores, labels=part.labels.astype(np.int64), names=names, slices=slices)


def explain(loaded: Loaded, files: Mapping[str, bytes]) -> list[Shown]:
    """The digits that it is least sure of, by integrated gradients from black (Sundararajan et al., 2017),
    and by patches that are taken out.
    """
    part = from_files(files).test
    images = torch.tensor(part.images).float() / 255
    with torch.inference_mode():
        sure = loaded.network(images).softmax(1).max(1).values
    shown = []
    for index in sure.argsort()[:_SHOWN].tolist():
        image = images[index : index + 1]
        with torch.inference_mode():
            logits, empty = loaded.network(image)[0], loaded.network(torch.zeros_like(image))[0]
        chosen = int(logits.argmax())
        weights = IntegratedGradients(loaded.network).attribute(image, target=chosen, n_steps=_STEPS)
        due = float(logits[chosen] - empty[chosen])
        gap = abs(float(weights.sum()) - due) / max(abs(due), 1e-9)
        title = verdict(str(int(part.labels[index])), str(chosen), float(sure[index]))
        picture = image[0].double().numpy()
        ablation = ablate(loaded.network, image, chosen)
        shown.append(Shown(title, weights[0].double().numpy(), picture, gap, ablation))
    return shown


@torch.inference_mode()
def ablate(network: nn.Module, image: Tensor, chosen: int) -> NDArray[np.float64]:
    """By how much the score of a class falls when a patch of an image (1, h, w) is black: (h, w)."""
    _, height, width = image.shape
    rows, columns = torch.arange(height) // _PATCH, torch.arange(width) // _PATCH
    patches = rows[:, None] * (int(columns[-1]) + 1) + columns
    found: Tensor = FeatureAblation(network).attribute(image, target=chosen, feature_mask=patches[None])
    weights: NDArray[np.float64] = found[0].double().numpy()
    return weights
