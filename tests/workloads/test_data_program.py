"""`python -m workloads.data`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workloads.conftest import Place
from tests.workloads.made import toy
from workloads import command
from workloads.data.__main__ import main
from workloads.data.images import to_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder as MNIST is released."""
    for name, content in to_files(toy()).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def tell(capsys: pytest.CaptureFixture[str], place: Place, *arguments: object) -> tuple[int, dict[str, Any]]:
    line = [*map(str, arguments), "--site", str(place.file), "--events=json"]
    code = command.run(main, line)
    event: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, event


def test_mnist_comes_from_a_folder(place: Place, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, event = tell(capsys, place, "mnist", "--source", source)
    assert (code, event["name"], event["records"], event["uploaded"]) == (0, "mnist", 25, True)
    assert tell(capsys, place, "mnist", "--source", source) == (0, {**event, "uploaded": False})
    code, sample = tell(capsys, place, "sample", "mnist", "--split", "train", "--index", 19)
    assert (sample["label"], sample["version"]) == (toy().train.labels[19], event["version"])
    assert np.allclose(np.array(sample["instance"]) * 255, toy().train.images[19].ravel(), atol=0.02)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("sample", "mnist", "--index", 5), "--index"),
        (("sample", "mnist", "--index", -1), "--index"),
        (("sample", "mnist", "--index", "five"), "--index"),
        (("sample", "cifar"), "--data"),
        (("mnist", "--source", "/nowhere"), "--source"),
        (("mnist",), "command line"),
    ],
)
def test_what_does_not_fit_is_named(
    place: Place, source: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], field: str
) -> None:
    tell(capsys, place, "mnist", "--source", source)
    code, error = tell(capsys, place, *arguments)
    assert (code, error["event"], error["field"]) == (2, "error", field)


def test_a_damaged_file_puts_nothing_there(
    place: Place, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "t10k-labels-idx1-ubyte"
    (source / name).write_bytes((source / name).read_bytes()[:-1])
    code, error = tell(capsys, place, "mnist", "--source", source)
    assert (code, error["field"]) == (2, name)
    assert place.buckets.data.keys("") == []
