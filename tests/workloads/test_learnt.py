"""A loss that is a number and says that all was lost: refused, by how far it is above that of chance."""

import math
from dataclasses import replace

import pytest
import torch

from tests.workloads.conftest import Place, command
from tests.workloads.conftest import run as run_program
from tests.workloads.toy import Told, configured, opened, plan_for, run
from workloads.command import expect
from workloads.data import store
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.errors import DivergedError
from workloads.models.recommender.config import TowersConfig
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.registry.store import Registry
from workloads.training import learnt
from workloads.training.learnt import check_learnt
from workloads.training.ranks import ALONE
from workloads.training.state import State, new_state
from workloads.training.task import Task

pytestmark = pytest.mark.usefixtures("one_thread")


def of_spec(spec: ModelSpec) -> tuple[State, Task, ModelSpec]:
    """A model before its first step, on its own data."""
    data = DATASETS[spec.dataset]
    content = data.content(None)
    spec = replace(spec, config=spec.fit(spec.config, store.describe(data.origin, content)))
    torch.manual_seed(1)
    task = spec.open(content.files, ALONE)
    return new_state(task.network, spec.training, attachments={}), task, spec


def exploded(state: State, by: float) -> None:
    """Its matrices so many times as large."""
    with torch.no_grad():
        for each in state.network.parameters():
            if each.dim() > 1:
                each.mul_(by)


def chance(state: State, task: Task, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> float:
    """What is told as the loss of chance."""
    with monkeypatch.context() as patch:
        patch.setattr(learnt, "MOST", -1.0)
        with pytest.raises(DivergedError) as caught:
            check_learnt(state, task, spec, ALONE)
    return float(caught.value.rule.partition("of chance, ")[2].split()[0])


@pytest.mark.parametrize(
    ("model", "choices"),
    [
        ("mnist", 10),
        ("mnist-cnn", 10),
        ("lm", 1024),
        pytest.param("sentiment", 2, marks=pytest.mark.train),
        pytest.param("chatbot", 8, marks=pytest.mark.train),
    ],
)
def test_chance_is_that_of_all_choices_and_only_what_is_far_above_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, model: str, choices: int
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    state, task, spec = of_spec(MODELS[model].smaller())
    check_learnt(state, task, spec, ALONE)
    assert chance(state, task, spec, monkeypatch) == pytest.approx(math.log(choices), rel=0.01)
    assert state.network.training
    if model == "chatbot":
        return  # cosines over a temperature: its loss has an end
    exploded(state, 100)
    with pytest.raises(DivergedError, match=r"loss: .*times that of chance.*lower --lr") as caught:
        check_learnt(state, task, spec, ALONE)
    assert caught.value.exit_code == 1


def test_a_recommenders_chance_is_that_of_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    state, task, spec = of_spec(MODELS["recommender"].smaller())
    check_learnt(state, task, spec, ALONE)
    items = expect(TowersConfig, spec.config).items
    assert chance(state, task, spec, monkeypatch) == pytest.approx(math.log(items), rel=0.15)


def test_weights_that_are_no_numbers_are_refused_too() -> None:
    task = opened()
    state = new_state(task.network, configured().training, attachments={})
    exploded(state, math.nan)
    with pytest.raises(DivergedError, match="nan"):
        check_learnt(state, task, configured(), ALONE)


@pytest.mark.parametrize("training", [{}, {"patience": 1}, {"ema": 0.5}])
def test_nothing_is_registered_of_a_training_that_exploded_nor_when_it_is_begun_again(
    place: Place, training: dict[str, object]
) -> None:
    plan, told = plan_for(place, epochs=2, lr=3.0, clip=0.0, **training), Told()
    for _ in range(2):
        with pytest.raises(DivergedError, match=r"times that of chance, 2\.3 "):
            run(plan, place.buckets, ALONE, told)
    assert told.names().count("epoch") == 2  # the second time it goes on from the last checkpoint
    assert all(math.isfinite(float(str(loss))) for loss in told.losses())
    assert Registry(place.buckets.registry, "mnist").version_of_run(plan.run) is None


@pytest.mark.train
def test_the_program_says_so_and_ends_with_1(place: Place) -> None:
    """At full size: `--lr 10` ended at 8.8e9 once, and was a candidate."""
    put(place.buckets.data, DATASETS["digits"], None)
    flags = ("--lr", 10, "--clip", 0, "--epochs", 2, "--site", place.file, "--events", "json")
    ran = run_program(command("workloads.training", "mnist", *flags))
    assert ran.code == 1
    error = ran.event("error")
    assert (error["field"], float(error["value"]) > 6.9) == ("loss", True)
    assert error["rule"].startswith("must be at most 3 times that of chance, 2.3 (step 30)")
    assert "Traceback" not in ran.err
    assert Registry(place.buckets.registry, "mnist").versions() == []
