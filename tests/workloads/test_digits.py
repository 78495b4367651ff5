"""scikit-learn's digits in MNIST's form."""

from itertools import pairwise

import numpy as np
import pytest

from workloads.data.digits import every_nth, load_digits, to_mnist
from workloads.data.images import Splits, from_files, to_files
from workloads.data.table import DATASETS


@pytest.fixture(scope="module")
def splits() -> Splits:
    return load_digits()


def test_every_record_is_in_one_split(splits: Splits) -> None:
    assert len(splits.train.labels) + len(splits.test.labels) == 1797
    assert splits.train.images.shape == (len(splits.train.labels), 28, 28)


def test_the_split_is_stratified(splits: Splits) -> None:
    train, test = (np.bincount(part.labels, minlength=10) for part in (splits.train, splits.test))
    assert (np.abs(test / (train + test) - 0.2) < 0.01).all()


def test_every_nth_takes_each_classs_nth() -> None:
    labels = np.array([3, 3, 5, 3, 5, 3], np.uint8)
    assert every_nth(labels, 2).tolist() == [False, True, False, False, True, True]


def test_an_even_image_stays_even_and_is_framed() -> None:
    (image,) = to_mnist(np.full((1, 8, 8), 16))
    assert (image[4:24, 4:24] == 255).all()
    assert image.sum() == 20 * 20 * 255


def test_resizing_is_bilinear_between_pixel_centres() -> None:
    ramp = np.tile(2 * np.arange(8), (1, 8, 1))
    row = to_mnist(ramp)[0, 14, 4:24].astype(int)
    inner = row[2:18]
    steps = np.diff(inner)
    assert row[0] == 0
    assert row[-1] == round(14 / 16 * 255)
    assert set(steps.tolist()) <= {12, 13}  # 2 / 16 * 255 * 8 / 20 = 12.75 a pixel
    assert all(a <= b for a, b in pairwise(row.tolist()))


def test_files_give_back_what_was_written(splits: Splits) -> None:
    again = from_files(to_files(splits))
    assert (again.train.images == splits.train.images).all()
    assert (again.test.labels == splits.test.labels).all()


def test_the_recipe_does_not_change_by_itself() -> None:
    recipes = {DATASETS["digits"].recipe() for _ in range(2)}
    assert [len(recipe) for recipe in recipes] == [12]
