"""k folds: each record is held once, what is done is kept, and the folds together are an ensemble."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.toy import plan_for
from workloads import command
from workloads.folds import evaluate
from workloads.folds.__main__ import main
from workloads.folds.task import divide
from workloads.training.plan import Plan
from workloads.training.state import State
from workloads.training.stop import Stop

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = ("--folds", "3", "--epochs", "2", "--batch-size", "32")


def tell(
    place: Place, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    code = command.run(main, [*arguments, "--site", str(place.file), "--events=json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("records", "folds"), [(10, 3), (7, 7), (100, 2)])
def test_each_record_is_held_once_and_learnt_in_every_other_fold(records: int, folds: int) -> None:
    parts = divide(records, folds, seed=4)
    assert sorted(torch.cat([held for _, held in parts]).tolist()) == list(range(records))
    for kept, held in parts:
        assert sorted([*kept.tolist(), *held.tolist()]) == list(range(records))


def test_folds_are_trained_once_and_judged_together(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_for(place)
    code, events = tell(place, capsys, "mnist", *SMALL)
    assert code == 0
    assert [event["event"] for event in events] == ["fold", "fold", "fold", "folds"]
    assert events[-1]["accuracy"] == pytest.approx(sum(one["accuracy"] for one in events[:3]) / 3, abs=1e-5)
    assert events[-1]["held_out_ensemble"] > 0.5
    (last,) = [key for key in place.buckets.checkpoints.keys("folds/mnist/") if key.endswith("/2.json")]
    place.buckets.checkpoints.delete(last)
    trained, train = list[int](), evaluate._train

    def counted(plan: Plan, files: Mapping[str, bytes], folds: int, fold: int, stop: Stop) -> object:
        trained.append(fold)
        return train(plan, files, folds, fold, stop)

    monkeypatch.setattr(evaluate, "_train", counted)
    assert tell(place, capsys, "mnist", *SMALL) == (0, events)
    assert trained == [2]
    assert place.buckets.registry.keys("") == []


def test_folds_obey_deterministic(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_for(place)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # which the run would leave set
    asked = list[bool]()

    def looked(state: State, *_: object, **_named: object) -> bool:
        asked.append(torch.are_deterministic_algorithms_enabled())
        return True

    monkeypatch.setattr("workloads.folds.evaluate.train", looked)
    try:
        for said in ("true", "false"):
            assert tell(place, capsys, "mnist", *SMALL, "--deterministic", said, "--compile", "off")[0] == 0
    finally:
        torch.use_deterministic_algorithms(False)
    assert asked == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("mnist", "--folds", "1"), "--folds"),
        (("mnist", "--folds", "2", "--batch-size", "200"), "--folds"),
        (("lm",), "model"),
        (("mnist", "--save-every", "5"), "--save-every"),
        (("mnist", "--private-epsilon", "3"), "--private-epsilon"),
    ],
)
def test_what_does_not_fit_is_named(
    place: Place, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], field: str
) -> None:
    plan_for(place)
    code, (error,) = tell(place, capsys, *arguments)
    assert (code, error["field"]) == (2, field)
