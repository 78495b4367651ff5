"""MNIST's own files from a folder."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from workloads.data.idx import Bytes, write_idx
from workloads.data.images import FILES
from workloads.data.mnist import load_mnist
from workloads.errors import InvalidInputError

TRAIN_IMAGES, TRAIN_LABELS = FILES["train"]


def images(n: int, side: int = 28) -> Bytes:
    return np.random.default_rng(n).integers(0, 256, (n, side, side), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for (image_file, label_file), n in zip(FILES.values(), (30, 10), strict=True):
        (tmp_path / image_file).write_bytes(write_idx(images(n)))
        (tmp_path / label_file).write_bytes(write_idx(np.arange(n, dtype=np.uint8) % 10))
    return tmp_path


def pack(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def test_plain_and_packed_files_are_read(folder: Path) -> None:
    pack(folder / TRAIN_IMAGES)
    splits = load_mnist(folder)
    assert (splits.train.images == images(30)).all()
    assert splits.test.labels.tolist() == list(range(10))


def refused(folder: Path) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        load_mnist(folder)
    return caught.value


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / TRAIN_LABELS).unlink()
    error = refused(folder)
    assert error.field == "--source"
    assert TRAIN_LABELS in error.rule


def test_a_folder_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / TRAIN_LABELS).unlink()
    (folder / TRAIN_LABELS).mkdir()
    assert refused(folder).rule == "Is a directory"


def test_a_cut_gzip_is_named(folder: Path) -> None:
    packed = pack(folder / TRAIN_LABELS)
    packed.write_bytes(packed.read_bytes()[:-9])
    assert refused(folder).field == packed.name


def test_what_is_not_gzip_is_named(folder: Path) -> None:
    packed = pack(folder / TRAIN_LABELS)
    packed.write_bytes(b"<html>not found</html>")
    assert refused(folder).rule == "must be a whole gzip file"


@pytest.mark.parametrize(
    ("file", "array", "value", "rule"),
    [
        (TRAIN_LABELS, np.full(30, 11, np.uint8), "11 (record 0)", "labels from 0 to 9"),
        (TRAIN_LABELS, np.zeros(29, np.uint8), "29", f"as many labels as {TRAIN_IMAGES}"),
        (TRAIN_IMAGES, images(30, side=27), "30 x 27 x 27", "28 x 28 pixels"),
        (TRAIN_IMAGES, images(0), "0 x 28 x 28", "at least one image"),
        (TRAIN_IMAGES, np.zeros(30, np.uint8), "00 00 08 01", "3 dimensions"),
    ],
)
def test_files_that_do_not_fit_are_named(
    folder: Path, file: str, array: Bytes, value: str, rule: str
) -> None:
    (folder / file).write_bytes(write_idx(array))
    error = refused(folder)
    assert (error.field, error.value) == (file, value)
    assert rule in error.rule
