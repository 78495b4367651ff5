"""scikit-learn's bundled handwritten digits (1,797 of 8 x 8 pixels, 0-16) in MNIST's form.

Each digit is resized bilinearly to 20 x 20 and centred in 28 x 28, as MNIST's own are, and 0-16 becomes
0-255. All of it in integers, so that the bytes, and with them the version, are the same on any machine.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workloads.data.content import Content
from workloads.data.idx import Bytes
from workloads.data.images import CLASSES, SIDE, Labelled, Splits, pack, pack_shards

SOURCE = "scikit-learn load_digits: test set of UCI Optical Recognition of Handwritten Digits"
LICENCE = "CC-BY-4.0"
PREPARATION = "8x8 resized bilinearly to 20x20, centred in 28x28; every fifth record of a class held out"

_BOX = 20
_DARKEST = 16
_EVERY = 5
_EACH = 100


def collect() -> Content:
    """The four files."""
    return pack(load_digits())


def sharded() -> Content:
    """The same in shards."""
    return pack_shards(load_digits(), _EACH)


def load_digits() -> Splits:
    """The digits as MNIST has them, one in five of each class held out."""
    from sklearn import datasets  # noqa: PLC0415 - 2 s that a data set already there need not cost

    bundle: Any = datasets.load_digits()
    images = to_mnist(bundle.images.astype(np.int64))
    labels = bundle.target.astype(np.uint8)
    held_out = every_nth(labels, _EVERY)
    return Splits(
        train=Labelled(images[~held_out], labels[~held_out]),
        test=Labelled(images[held_out], labels[held_out]),
    )


def to_mnist(images: NDArray[np.int64]) -> Bytes:
    """Images (n, 8, 8) of 0-16 as (n, 28, 28) of 0-255."""
    side = images.shape[1]
    weights, unit = _bilinear(side, _BOX)
    box = weights @ images @ weights.T
    full = unit * unit * _DARKEST
    pixels = (box * 255 + full // 2) // full
    margin = (SIDE - _BOX) // 2
    return np.pad(pixels.astype(np.uint8), ((0, 0), (margin, margin), (margin, margin)))


def _bilinear(source: int, target: int) -> tuple[NDArray[np.int64], int]:
    """Integer weights (target, source) and what each row sums to; pixel centres at (i + 1/2) / size."""
    unit = 2 * target
    weights = np.zeros((target, source), dtype=np.int64)
    for row in range(target):
        position = (2 * row + 1) * source - target  # source coordinate times `unit`
        low, fraction = divmod(min(max(position, 0), (source - 1) * unit), unit)
        weights[row, low] += unit - fraction
        weights[row, min(low + 1, source - 1)] += fraction
    return weights, unit


def every_nth(labels: Bytes, n: int) -> NDArray[np.bool_]:
    """A mask (len(labels),) of each class's n-th, 2n-th, ... record: stratified, no random numbers."""
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for label in range(CLASSES):
        chosen[np.flatnonzero(labels == label)[n - 1 :: n]] = True
    return chosen
