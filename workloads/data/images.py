"""Labelled images in two splits, and MNIST's four files for them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workloads.data import shards
from workloads.data.content import AGAIN, Content
from workloads.data.idx import Bytes, read_idx, write_idx
from workloads.data.splits import INDEX, SPLITS, counted, records_by_shard, shard_name, split_of
from workloads.errors import CorruptDataError
from workloads.fingerprint import canonical

SIDE = 28
CLASSES = 10
_PGM = b"P5 28 28 255\n"

Digit = tuple[Bytes, int]
"""An image (28, 28) of 0-255 and its label."""


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


def pack_shards(splits: Splits, each: int) -> Content:
    """The same in shards of `each` records: KEY.pgm and KEY.cls, as WebDataset has images."""
    files: dict[str, bytes] = {}
    index: dict[str, int] = {}
    for split, part in (("train", splits.train), ("test", splits.test)):
        samples = list(_samples(part))
        for number, at in enumerate(range(0, len(samples), each)):
            name = shard_name(split, number)
            files[name] = shards.pack(samples[at : at + each])
            index[name] = len(samples[at : at + each])
    files[INDEX] = canonical(index)
    return Content(files, {"train": len(splits.train.labels), "test": len(splits.test.labels)})


def _samples(part: Labelled) -> Iterator[shards.Sample]:
    for number, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
        yield f"{number:08d}", {"pgm": _PGM + image.tobytes(), "cls": str(label).encode()}


def read_shard(content: bytes, name: str) -> list[Digit]:
    """A shard's records; raises CorruptDataError naming it."""
    found = []
    for key, parts in shards.unpack(content, name):
        image, label = parts.get("pgm", b""), parts.get("cls", b"")
        if not image.startswith(_PGM) or len(image) != len(_PGM) + SIDE * SIDE:
            rule = f"must have a .pgm of {SIDE} x {SIDE} pixels"
            raise CorruptDataError(name, f"record {key}", rule, "convert the images to MNIST's size")
        if not (len(label) == 1 and label.isdigit()):
            rule = f"must have a .cls with a label from 0 to {CLASSES - 1}"
            raise CorruptDataError(name, f"record {key}", rule, "correct or remove the record")
        pixels = np.frombuffer(image, np.uint8, offset=len(_PGM)).reshape(SIDE, SIDE)
        found.append((pixels, int(label)))
    return found


def read_shards(named: Iterable[tuple[str, bytes]], counts: Mapping[str, int]) -> Labelled:
    """The records of shards, one and more; raises CorruptDataError for one that is not as `counts` says."""
    found: list[Digit] = []
    for name, content in named:
        found += counted(read_shard(content, name), name, counts)
    if not found:
        raise CorruptDataError("shards", "empty", "must hold at least one image of each split", AGAIN)
    return together(found)


def together(digits: Sequence[Digit]) -> Labelled:
    """Records, one and more, as arrays."""
    return Labelled(
        np.stack([image for image, _ in digits]), np.array([label for _, label in digits], np.uint8)
    )


def from_files(files: Mapping[str, bytes]) -> Splits:
    """The splits in four IDX files by name, or in shards; raises CorruptDataError naming file and rule."""
    if INDEX in files:
        counts = records_by_shard(files[INDEX], files)
        train, test = (
            read_shards(((name, files[name]) for name in sorted(counts) if split_of(name) == split), counts)
            for split in SPLITS
        )
        return Splits(train=train, test=test)
    return Splits(train=_labelled("train", files), test=_labelled("test", files))


def _labelled(split: str, files: Mapping[str, bytes]) -> Labelled:
    image_file, label_file = FILES[split]
    for name in (image_file, label_file):
        if name not in files:
            rule = "must be a data set of images, with this file"
            raise CorruptDataError("--data", name, rule, "take digits or mnist")
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
