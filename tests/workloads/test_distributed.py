"""Several processes, killed and lost and put together anew: `make test-train` (minutes on two cores)."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import pytest

from datahall import programs
from tests.workloads.conftest import ROOT, Place, environment
from workloads.data.__main__ import main as put_data
from workloads.events import silent

pytestmark = [
    pytest.mark.train,
    pytest.mark.timeout(600),
]

SMALL = ("--epochs", "3", "--batch-size", "240", "--deterministic", "true", "--save-every", "2")


def torchrun(place: Place, processes: int, *arguments: str, model: str = "mnist") -> subprocess.Popen[str]:
    """A training that has begun."""
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes))
    return begun(launch, place, *arguments, model=model)


def begun(
    launch: Sequence[str], place: Place, *arguments: str, model: str = "mnist"
) -> subprocess.Popen[str]:
    program = ["-m", "workloads.training", model, "--site", str(place.file), "--events", "json"]
    line = [sys.executable, *launch, *program, *arguments]
    return subprocess.Popen(
        line,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def told(process: subprocess.Popen[str], until: str = "") -> list[dict[str, Any]]:
    """Its events, to the end or to the first one called `until`."""
    events: list[dict[str, Any]] = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == until:
            break
    return events


def losses(events: list[dict[str, Any]]) -> dict[int, float]:
    return {event["epoch"]: event["loss"] for event in events if event["event"] == "epoch"}


@pytest.fixture(scope="module")
def digits(new_place: Callable[[], Place]) -> Callable[[], Place]:
    """Makes sites with the data set in them."""

    def make() -> Place:
        place = new_place()
        assert put_data(["digits", "--site", str(place.file)], silent) == 0
        return place

    return make


@pytest.fixture(scope="module")
def unbroken(digits: Callable[[], Place]) -> dict[int, float]:
    """The losses of one process that nothing happens to."""
    with torchrun(digits(), 1, *SMALL) as process:
        return losses(told(process))


def killed(
    place: Place, processes: int, *arguments: str, model: str = "mnist", epochs: int = 1
) -> dict[int, float]:
    """The losses of a training that is killed, all of it, after so many epochs."""
    with torchrun(place, processes, *arguments, model=model) as process:
        events = [event for _ in range(epochs) for event in told(process, until="epoch")]
        launcher = psutil.Process(process.pid)
        for each in (launcher, *launcher.children(recursive=True)):
            each.kill()
    return losses(events)


@pytest.mark.parametrize(("model", "data"), [("sentiment", "reviews-made"), ("chatbot", "support-made")])
def test_dropout_is_the_same_on_two_processes_and_after_a_kill(
    new_place: Callable[[], Place], model: str, data: str
) -> None:
    flags = ("--smoke", "--epochs", "3", "--deterministic", "true")
    places = [new_place(), new_place()]
    for place in places:
        assert put_data([data, "--site", str(place.file)], silent) == 0
    with torchrun(places[0], 1, *flags, model=model) as process:
        alone = losses(told(process))
    assert len(alone) == 3
    first = killed(places[1], 2, *flags, model=model, epochs=3)  # the first epoch's checkpoint is there then
    with torchrun(places[1], 1, *flags, model=model) as process:
        second = told(process)
    assert [event["event"] for event in second].count("resumed") == 1
    agree({**first, **losses(second)}, alone)


@pytest.mark.parametrize(
    ("before", "after"),
    [((2, "false"), (1, "false")), ((2, "true"), (1, "false")), ((1, "false"), (2, "true"))],
    ids=["DDP to one", "FSDP to one", "one to FSDP"],
)
def test_killed_it_goes_on_with_another_number_of_processes(
    digits: Callable[[], Place],
    unbroken: dict[int, float],
    before: tuple[int, str],
    after: tuple[int, str],
) -> None:
    place = digits()
    first = killed(place, before[0], *SMALL, "--shard", before[1])
    with torchrun(place, after[0], *SMALL, "--shard", after[1]) as process:
        second = told(process)
    assert process.returncode == 0
    assert [event["event"] for event in second][1] == "resumed"
    agree({**first, **losses(second)}, unbroken)


def agree(found: dict[int, float], unbroken: dict[int, float]) -> None:
    """The same curve, but for sums in another order."""
    assert found.keys() == unbroken.keys()
    for epoch, loss in unbroken.items():
        assert found[epoch] == pytest.approx(loss, abs=2e-4), (found, unbroken)


def test_a_lost_rank_restarts_the_whole_job_from_the_last_checkpoint(
    digits: Callable[[], Place], unbroken: dict[int, float]
) -> None:
    with begun(programs.torchrun(), digits(), *SMALL) as process:  # as datahall does
        first = told(process, until="epoch")
        ranks = psutil.Process(process.pid).children()
        ranks[-1].kill()
        second = told(process)
    assert process.returncode == 0
    assert [event["event"] for event in second if event["event"] in ("resumed", "registered")] == [
        "resumed",
        "registered",
    ]
    agree({**losses(first), **losses(second)}, unbroken)
