"""datahall train --on slurm: a worker is killed in mid-training, and the job goes on from its checkpoint."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import ROOT, Site
from tests.metal.test_6_observability import until_down

pytestmark = pytest.mark.timeout(1800)
_DATAHALL = Path(sys.executable).parent / "datahall"


@pytest.fixture(scope="module")
def stack(converged: Site) -> Iterator[Site]:
    """The hosts, and beside them a stack with storage for data, checkpoints and models."""
    _up(converged)
    try:
        yield converged
    finally:
        _datahall(converged, "down", "local").check_returncode()


def _up(site: Site) -> None:
    """Ports below those that the kernel gives to whoever asks; one may be taken all the same."""
    for port in random.sample(range(20_000, 30_000), 5):
        done = _datahall(site, "up", "local", "--port", str(port))
        if "is in use" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr


def _datahall(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [_DATAHALL, *arguments], check=False, capture_output=True, text=True, cwd=ROOT, env=site.environment
    )


@contextmanager
def _training(site: Site, *arguments: str) -> Iterator[IO[str]]:
    """What `datahall train mnist --on slurm` says, line by line; it must end well."""
    command = [str(_DATAHALL), "train", "mnist", "--on", "slurm", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=site.environment
    ) as train:
        try:
            assert train.stdout is not None
            yield train.stdout
        finally:
            train.terminate()


def _until(lines: IO[str], wanted: str) -> "re.Match[str]":
    seen = []
    for line in lines:
        seen.append(line)
        if found := re.search(wanted, line):
            return found
    raise AssertionError(f"{wanted}: is in none of:\n{''.join(seen)}")


def _steps(site: Site, host: str) -> int:
    """How far the training on a dead host had come, by the log on its disk."""
    (log,) = (site.folder / "machines" / host / "upper/home/ops").glob("datahall-*/log")
    told = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"event"')]
    return max(int(event.get("step", 0)) for event in told)


def test_a_worker_killed_in_mid_training_costs_two_epochs_at_most(stack: Site) -> None:
    """The one that ran, and the one before, whose checkpoint is written while the next runs."""
    idle = "sinfo --noheader --Node --states=idle --format=%N | wc --lines"
    stack.until("head-1", idle, "2")
    try:
        with _training(stack, "--epochs", "14") as lines:  # not the 12 that `up` has trained
            nodes = _until(lines, r"job \d+ is running on (\S+), restarts: 0")[1]
            assert nodes == "worker-[1-2]"
            _until(lines, r"epoch 4/14")
            hosts.fail(stack.folder, "worker-1")
            killed = time.monotonic()
            reached = _steps(stack, "worker-1")
            _until(lines, r"job \d+ is pending.*restarts: 1")
            seen = time.monotonic() - killed
            _until(lines, r"job \d+ is running on worker-2, restarts: 1")
            found = _until(lines, r"goes on after epoch (\d+), from the checkpoint in the bucket, step (\d+)")
            resumed, step = time.monotonic() - killed, int(found[2])
            print(f"seen after {seen:.0f} s, resumed after {resumed:.0f} s, {reached - step} steps lost")
            assert int(found[1]) >= 2
            assert 0 <= reached - step <= 2 * step // int(found[1])
            until_down(stack, "worker-1", fires=True)
            _until(lines, r"train +mnist [0-9a-f]{12}: accuracy 0\.9")
            lines.read()
    finally:
        hosts.start(stack.folder, "worker-1")
    stack.until("head-1", idle, "2")


def test_the_model_is_registered_as_one_that_was_trained_here(stack: Site) -> None:
    models = json.loads(_datahall(stack, "models", "list", "--json").stdout)["models"]
    assert len(models) == 2
    assert {model["name"] for model in models} == {"mnist"}


def test_nothing_of_a_training_is_left_on_the_hosts(stack: Site) -> None:
    for name in ("head-1", "worker-2"):
        assert "datahall" not in stack.ssh(name, "ls --almost-all; squeue --noheader --format=%j || true")


def test_a_mistake_is_told_as_it_is_here(stack: Site) -> None:
    done = _datahall(stack, "train", "mnist", "--on", "slurm", "--epochs", "0")
    assert done.returncode == 2
    assert "--epochs: 0: " in done.stderr
