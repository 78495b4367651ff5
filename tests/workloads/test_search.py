"""The search: its spaces, its journal, trials that are drawn again, given up, stopped and gone on with."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from torch import Tensor

from tests.workloads.conftest import ROOT, Place, command, environment
from tests.workloads.toy import Told, plan_for
from workloads.command import run
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.models.mnist import mlp
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.mnist.task import Digits
from workloads.models.table import MODELS
from workloads.objects import Bucket
from workloads.search.__main__ import main
from workloads.search.journal import BucketJournal
from workloads.search.space import SPACES, Choices, Range, changed, flags, space_of, tidy
from workloads.search.trial import hold_out
from workloads.training import loop

pytestmark = pytest.mark.usefixtures("one_thread", "_quick")

SMALL = ("mnist", "--epochs", "2")


class Narrow(MLP):
    """As quick as a test needs it; says what is no number while it is `broken`."""

    broken = False

    def __init__(self, _config: MLPConfig) -> None:
        super().__init__(MLPConfig(widths=(784, 16, 10)))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (float("nan") if self.broken else 1)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network; how fast this machine multiplies is not asked: that takes longer than a trial."""

    def known(*_: object) -> float:
        return 1e12

    monkeypatch.setattr(mlp, "MLP", Narrow)
    monkeypatch.setattr(loop, "peak", known)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_has_a_space_that_suits_it(name: str) -> None:
    space = space_of(MODELS[name], None, ())
    assert space == SPACES[name]
    for dimension in space.values():
        assert len(set(dimension.ends)) > 1


@pytest.mark.parametrize(
    ("content", "field", "rule"),
    [
        ("{", "--space", "must be JSON"),
        ("[]", "--space", "must be an object"),
        ("{}", "--space", "leave something to search"),
        ('{"leer": {"low": 0.1, "high": 1}}', "--space", "must be a setting of mnist"),
        ('{"model-widths": {"choices": [1, 2]}}', "--space", "must be a setting of mnist"),
        ('{"lr": {"low": 0, "high": 1}}', "--lr", "greater than 0"),
        ('{"lr": {"low": 1, "high": 0.1}}', "--space lr Range", "must be below"),
        ('{"lr": {"low": 0, "high": 1, "log": true}}', "--space lr Range", "above 0"),
        ('{"lr": 0.1}', "--space lr Range", "valid dictionary"),
        ('{"batch-size": {"low": 8.5, "high": 64}}', "--batch-size", "valid integer"),
        ('{"batch-size": {"choices": [8, 8]}}', "--space batch-size Choices", "each once"),
        ('{"deterministic": {"low": 0, "high": 1}}', "--space deterministic", "choices, not a range"),
        ('{"data-rotation": {"low": 0, "high": 181}}', "--data-rotation", "less than or equal to 180"),
    ],
)
def test_a_space_that_does_not_suit_is_named(tmp_path: Path, content: str, field: str, rule: str) -> None:
    file = tmp_path / "space.json"
    file.write_text(content)
    with pytest.raises(InvalidInputError) as caught:
        space_of(MODELS["mnist"], file, ())
    assert caught.value.field == field
    assert rule in caught.value.rule


def test_a_range_has_its_settings_kind_and_what_is_given_is_not_searched(tmp_path: Path) -> None:
    file = tmp_path / "space.json"
    file.write_text('{"lr": {"low": 1, "high": 2}, "batch-size": {"low": 8.0, "high": 64.0}}')
    space = space_of(MODELS["mnist"], file, ())
    ends = [type(end) for dimension in space.values() for end in dimension.ends]
    assert ends == [float, float, int, int]
    assert list(space_of(MODELS["mnist"], file, {"lr"})) == ["batch-size"]
    with pytest.raises(InvalidInputError, match="leave something"):
        space_of(MODELS["mnist"], file, {"lr", "batch-size"})


def test_what_is_told_as_flags_is_what_was_tried() -> None:
    values = tidy({"lr": 0.00123456, "batch-size": 64, "data-shift": 2.0})
    spec = changed(MODELS["mnist"], values)
    assert (spec.training.lr, spec.training.batch_size) == (0.001235, 64)
    assert flags(values) == ["--lr", "0.001235", "--batch-size", "64", "--data-shift", "2.0"]


def test_a_journal_loses_nothing_of_two_who_write(place: Place) -> None:
    one, other = (BucketJournal(place.buckets.checkpoints, "search/x/") for _ in range(2))
    one.append_logs([{"n": 1}])
    other.append_logs([{"n": 2}, {"n": 3}])
    one.append_logs([{"n": 4}])
    expected = [{"n": n} for n in (1, 2, 3, 4)]
    assert one.read_logs(0) == other.read_logs(0) == expected
    assert other.read_logs(3) == expected[3:]
    assert BucketJournal(place.buckets.checkpoints, "search/x/").read_logs(0) == expected


def test_a_write_whose_answer_was_lost_is_not_written_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Bucket.put_json

    def lost(bucket: Bucket, key: str, document: object, *, new: bool = False) -> bool:
        put(bucket, key, document, new=new)
        return False

    journal = BucketJournal(place.buckets.checkpoints, "search/x/")
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put_json", lost)
        journal.append_logs([{"n": 1}])
    journal.append_logs([{"n": 2}])
    assert journal.read_logs(0) == [{"n": 1}, {"n": 2}]
    assert len(place.buckets.checkpoints.keys("search/x/")) == 2


def search(place: Place, *arguments: str, emit: Emit | None = None) -> Told:
    told = Told()

    def both(event: str, **fields: object) -> None:
        told(event, **fields)
        if emit:
            emit(event, **fields)

    plan_for(place)
    assert main([*SMALL, *arguments, "--site", str(place.file)], both) == 0
    return told


def tried(told: Told) -> list[dict[str, Any]]:
    return [fields for name, fields in told.events if name == "trial"]


def test_the_same_seed_gives_the_same_trials_stopped_or_not_and_the_test_part_is_not_seen(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(*_: object) -> dict[str, float]:
        raise AssertionError("the held-out part was judged")

    monkeypatch.setattr(Digits, "judge", seen)
    one, other = new_place(), new_place()
    unbroken = search(one, "--trials", "3")

    def stop(event: str, **fields: object) -> None:
        if event == "trial" and fields["trial"] == 1:
            signal.raise_signal(signal.SIGTERM)

    stopped = search(other, "--trials", "3", emit=stop)
    assert stopped.names() == ["study", "trial", "paused"]
    resumed = search(other, "--trials", "3")
    assert resumed.events[0][1]["done"] == 1
    assert tried(stopped) + tried(resumed) == tried(unbroken)
    assert len({str(each["values"]) for each in tried(unbroken)}) == 3
    best = unbroken.events[-1][1]
    assert best["value"] == max(each["value"] for each in tried(unbroken)) == resumed.events[-1][1]["value"]
    assert best["command"].startswith("python -m workloads.training mnist --epochs 2 --lr ")
    assert place_is_untouched(one)


def place_is_untouched(place: Place) -> bool:
    """Nothing is registered, and the study alone is in the checkpoint bucket."""
    keys = place.buckets.checkpoints.keys("")
    return not place.buckets.registry.keys("") and all(key.startswith("search/mnist/") for key in keys)


def test_a_trial_that_falls_behind_is_given_up_and_one_that_diverges_is_told(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "space.json"
    file.write_text(json.dumps({"lr": {"low": 1e-5, "high": 1e-1, "log": True}}))
    arguments = ("--epochs", "3", "--by", "loss", "--space", str(file), "--seed", "3")
    found = tried(search(place, *arguments, "--trials", "8"))
    assert [each["epochs"] == 3 for each in found] == [each["ended"] == "complete" for each in found]
    whole, given_up = (
        [each["value"] for each in found if each["ended"] == end] for end in ("complete", "pruned")
    )
    assert given_up
    assert min(given_up) > min(whole)
    monkeypatch.setattr(Narrow, "broken", True)
    (last,) = tried(search(place, *arguments, "--trials", "9"))
    assert (last["ended"], last["value"]) == ("diverged", None)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("lm", "--by", "accuracy"), "--by"),
        (("mnist", "--trials", "0"), "--trials"),
        (("mnist", "--validation", "1"), "--validation"),
        (("mnist", "--trials", "1", "--batch-size", "280"), "--validation"),
        (("mnist", "--space", "nowhere.json"), "--space"),
    ],
)
def test_what_does_not_fit_is_named(
    place: Place, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], field: str
) -> None:
    plan_for(place)
    code = run(main, [*arguments, "--site", str(place.file), "--events=json"])
    error = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code, error["field"]) == (2, field)


def test_what_is_held_out_is_the_same_each_time() -> None:
    kept, held = hold_out(10, 0.25, 1)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(10))
    assert len(held) == 2
    assert hold_out(10, 0.25, 1)[1].tolist() == held.tolist() != hold_out(10, 0.25, 2)[1].tolist()


@pytest.mark.train
def test_trials_run_in_processes_that_end_with_the_search(new_place: Callable[[], Place]) -> None:
    place = new_place()
    plan_for(place)
    arguments = (*SMALL, "--trials", "6", "--workers", "2", "--site", place.file, "--events", "json")
    line = command("workloads.search", *arguments)
    for end, last in ((signal.SIGKILL, "trial"), (signal.SIGTERM, "paused"), (None, "best")):
        with subprocess.Popen(
            line, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            events = [json.loads(process.stdout.readline()) for _ in range(2)]
            children = psutil.Process(process.pid).children(recursive=True)
            if end:
                process.send_signal(end)
            events += map(json.loads, process.stdout)
        gone, alive = psutil.wait_procs(children, timeout=30)
        assert gone
        assert not alive
        assert events[-1]["event"] == last
    numbers = sorted(event["trial"] for event in events if event["event"] == "trial")
    assert numbers == list(range(events[0]["done"] + 1, 7))


def test_dimensions_tell_what_they_may_be() -> None:
    assert Range(low=1, high=2).ends == (1, 2)
    assert Choices(choices=("off", "auto")).ends == ("off", "auto")
