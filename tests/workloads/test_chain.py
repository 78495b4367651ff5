"""The whole chain by its own programs, on real data: data, training, a kill, the gate, production."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load

from tests.workloads.conftest import ROOT, Place, command, environment, run
from workloads.data import store
from workloads.data.__main__ import main as put_data
from workloads.data.digits import LICENCE
from workloads.events import silent
from workloads.models.table import MODELS
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run as train_here
from workloads.training.stop import Stop


def torchrun(place: Place, *arguments: object) -> list[str]:
    """The command line of a training with two processes."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    program = ["-m", "workloads.training", "mnist", "--site", str(place.file), "--events", "json"]
    return [*launch, *program, *map(str, arguments)]


@pytest.mark.train
def test_a_wish_to_stop_saves_and_ends_with_0(place: Place) -> None:
    assert put_data(["digits", "--site", str(place.file)], silent) == 0
    line = [part.replace("torch.distributed.run", "workloads.training.launch") for part in torchrun(place)]
    with subprocess.Popen(
        [*line, "--epochs", "500"], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told: list[str] = []
        for text in process.stdout:
            told.append(json.loads(text)["event"])
            if told.count("epoch") == 1 and told[-1] == "epoch":
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert told[-1] == "stopped"
    assert len(place.buckets.checkpoints.keys("runs/mnist/")) >= 2


def kill_after_epoch(line: list[str], epoch: int) -> None:
    """Start a training and kill it, with all its processes, as soon as it tells of `epoch`."""
    process = subprocess.Popen(
        line,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        for told in process.stdout:
            event: dict[str, Any] = json.loads(told)
            if event["event"] == "epoch" and event["epoch"] == epoch:
                break
        os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def weights(place: Place) -> dict[str, torch.Tensor]:
    """The weights of the version that was registered last."""
    registry = Registry(place.buckets.registry, "mnist")
    return load(registry.weights(registry.versions()[-1].card))


@pytest.mark.train
def test_from_data_to_production(place: Place) -> None:
    site = ("--site", place.file, "--events", "json")
    data = run(command("workloads.data", "digits", *site)).event("dataset")
    assert (data["records"], data["uploaded"]) == (1797, True)
    again = run(command("workloads.data", "digits", *site)).event("dataset")
    assert again == {**data, "uploaded": False}

    planned = run(command("workloads.training", "mnist", *site, "--dry-run")).event("plan")
    assert (planned["registered"], planned["parameters"]) == (None, 567_434)

    kill_after_epoch(torchrun(place), 3)  # by then the first epoch's checkpoint is named
    ran = run(torchrun(place))
    assert ran.code == 0, ran.err
    assert ran.event("resumed")["epoch"] >= 1
    assert [e["epoch"] for e in ran.events if e["event"] == "epoch"][-1] == 12
    assert ran.event("evaluated")["accuracy"] >= 0.97
    assert ran.event("started")["run"] == planned["run"]
    version = ran.event("registered")["version"]

    planned = run(command("workloads.training", "mnist", *site, "--dry-run")).event("plan")
    assert planned["registered"] == version
    promoted = run(command("workloads.registry", "promote", "mnist", *site)).event("promoted")
    assert promoted["version"] == version
    (card,) = [v.card for v in Registry(place.buckets.registry, "mnist").versions()]
    assert card.dataset.licence == LICENCE
    assert card.lineage.world_size == 2


@pytest.mark.train
def test_two_processes_learn_what_one_learns(new_place: Callable[[], Place]) -> None:
    two, one = new_place(), new_place()
    for place in (two, one):
        assert put_data(["digits", "--site", str(place.file)], silent) == 0
    ran = run(torchrun(two, "--epochs", 1))
    assert ran.code == 0, ran.err

    mnist = MODELS["mnist"]
    short = replace(mnist, training=mnist.training.model_copy(update={"epochs": 1}))
    plan = make_plan(short, None, one.buckets, 1)
    train_here(plan, one.buckets, ALONE, silent, Stop())
    assert store.find(one.buckets.data, "digits") == plan.dataset
    found, expected = weights(two), weights(one)
    assert found.keys() == expected.keys()
    assert all(torch.allclose(found[name], expected[name], atol=1e-4) for name in found)

    refused = run(command("workloads.registry", "promote", "mnist", "--site", two.file, "--json"))
    assert refused.code == 1
    assert any("at least 0.9600" in reason for reason in refused.event("refused")["reasons"])
