"""Labelled images in two splits, and MNIST's four files for them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workloads.data.content import Content
from workloads.data.idx import Bytes, read_idx, write_idx
from workloads.errors import CorruptDataError

SIDE = 28
CLASSES = 10


@dataclass(frozen=True)
class Labelled:
    """Images (n, 28, 28) with values 0-255 and their labels (n,), 0-9."""

    images: Bytes
    labels: Bytes


@dataclass(frozen=True, kw_only=True)
class Splits:
    """What is learnt from, and what is held out."""

    train: Labelled
    test: Labelled


FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""Split -> its image and label files, as MNIST calls them."""


def to_files(splits: Splits) -> dict[str, bytes]:
    """The four IDX files by name."""
    parts = {"train": splits.train, "test": splits.test}
    return {
        name: write_idx(array)
        for split, names in FILES.items()
        for name, array in zip(names, (parts[split].images, parts[split].labels), strict=True)
    }


def pack(splits: Splits) -> Content:
    """The splits as a data set's content."""
    records = {"train": len(splits.train.labels), "test": len(splits.test.labels)}
    return Content(to_files(splits), records)


def from_files(files: Mapping[str, bytes]) -> Splits:
    """The splits in four IDX files by name; raises CorruptDataError naming file and rule."""
    return Splits(train=_labelled("train", files), test=_labelled("test", files))


def _labelled(split: str, files: Mapping[str, bytes]) -> Labelled:
    image_file, label_file = FILES[split]
    images = read_idx(files[image_file], name=image_file, ndim=3)
    labels = read_idx(files[label_file], name=label_file, ndim=1)
    if images.shape[1:] != (SIDE, SIDE) or not len(images):
        rule = f"must hold at least one image of {SIDE} x {SIDE} pixels"
        shape = " x ".join(map(str, images.shape))
        raise CorruptDataError(image_file, shape, rule, "convert the images to MNIST's size")
    if len(labels) != len(images):
        rule = f"must hold as many labels as {image_file} holds images ({len(images)})"
        raise CorruptDataError(label_file, len(labels), rule, "take both files from the same release")
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        value = f"{labels[wrong[0]]} (record {wrong[0]})"
        rule = f"must hold labels from 0 to {CLASSES - 1}"
        raise CorruptDataError(label_file, value, rule, f"correct or remove the {len(wrong)} such records")
    return Labelled(images, labels)
