"""A tiny model on made digits, and a run of it whose events are kept."""

import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.workloads.conftest import Place
from workloads.data import store
from workloads.data.content import Origin
from workloads.data.images import Labelled, Splits, pack, to_files
from workloads.events import Emit
from workloads.models.mnist.config import MLPConfig
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.objects import Buckets
from workloads.training.checkpoints import Nowhere
from workloads.training.config import TrainingConfig
from workloads.training.loop import Saves, train
from workloads.training.plan import Plan, make_plan
from workloads.training.ranks import ALONE, Ranks
from workloads.training.run import run as run_planned
from workloads.training.state import State, new_state
from workloads.training.stop import on_sigterm
from workloads.training.task import Task

TINY = replace(MODELS["mnist"], config=MLPConfig(widths=(784, 16, 10)))


ORIGIN = Origin(name="digits", source="made here", licence="CC0-1.0", preparation="none")


def toy_splits() -> Splits:
    """Squares whose place tells their class."""
    rng = np.random.default_rng(0)

    def part(n: int) -> Labelled:
        labels = rng.integers(0, 10, n, dtype=np.uint8)
        images = rng.integers(0, 40, (n, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            row, column = divmod(int(label), 4)
            image[row * 8 + 2 : row * 8 + 8, column * 7 : column * 7 + 6] = 255
        return Labelled(images, labels)

    return Splits(train=part(300), test=part(101))


def configured(**training: object) -> ModelSpec:
    """The tiny model with other settings of its training."""
    changed = {**TINY.training.model_dump(), **training}
    return replace(TINY, training=TrainingConfig.model_validate(changed))


def opened(spec: ModelSpec = TINY) -> Task:
    torch.manual_seed(0)
    return spec.open(to_files(toy_splits()), ALONE)


def run(plan: Plan, buckets: Buckets, ranks: Ranks, emit: Emit) -> None:
    """A run as the program makes it."""
    with on_sigterm() as stop:
        run_planned(plan, buckets, ranks, emit, stop)


def plan_for(place: Place, **training: object) -> Plan:
    content = pack(toy_splits())
    store.publish(place.buckets.data, store.describe(ORIGIN, content), content, "r")
    return make_plan(configured(**{"epochs": 1, **training}), None, place.buckets, 1)


class Told:
    """Keeps events, and reacts to them."""

    def __init__(self, react: Callable[[str, dict[str, Any]], None] = lambda _name, _fields: None) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._react = react

    def __call__(self, event: str, **fields: object) -> None:
        self.events.append((event, fields))
        self._react(event, fields)

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def losses(self) -> list[object]:
        return [fields["loss"] for name, fields in self.events if name == "epoch"]


def stop_after(epoch: int) -> Callable[[str, dict[str, Any]], None]:
    def react(name: str, fields: dict[str, Any]) -> None:
        if name == "epoch" and fields["epoch"] == epoch:
            signal.raise_signal(signal.SIGTERM)

    return react


def learn(
    spec: ModelSpec,
    emit: Emit,
    *,
    state: State | None = None,
    dtype: torch.dtype = torch.float32,
    checkpoints: Saves | None = None,
) -> State:
    """Train to the end."""
    task = opened(spec)
    state = state or new_state(task.network, spec.training, attachments={})
    assert train(
        state,
        task,
        spec,
        ALONE,
        dtype=dtype,
        emit=emit,
        checkpoints=checkpoints or Nowhere(),
        stopping=lambda: False,
    )
    return state


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())
