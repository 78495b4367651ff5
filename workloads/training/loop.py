"""The training loop."""

import math
import time
from collections.abc import Callable

import torch

from workloads.errors import DivergedError
from workloads.events import Emit
from workloads.models.spec import ModelSpec
from workloads.training.batches import batches, steps_per_epoch
from workloads.training.pace import Pace
from workloads.training.ranks import Ranks
from workloads.training.state import State, learning_rate
from workloads.training.step import step
from workloads.training.task import Task

_LOOK_EVERY = 8
"""Steps between looks at the loss, the clock and the wish to stop: each costs a little."""


def train(
    state: State,
    task: Task,
    spec: ModelSpec,
    ranks: Ranks,
    *,
    dtype: torch.dtype,
    emit: Emit,
    save: Callable[[], None],
    stopping: Callable[[], bool],
) -> bool:
    """Train `state` to its end; False if `stopping` on any rank asked to stop before that."""
    config, network = spec.training, ranks.wrap(state.network)
    per_epoch = steps_per_epoch(task.records, config)
    steps = per_epoch * config.epochs
    pace = Pace(steps, config.batch_size, task.units_per_record, first=state.step)
    while state.step < steps and not (config.patience and state.waited >= config.patience):
        began, first = time.perf_counter(), state.step
        epoch, done = divmod(state.step, per_epoch)
        for parts in batches(task, config, epoch, ranks, start=done):
            rate = learning_rate(state.step, steps, config)
            state.loss += step(state, task, network, parts, config, rate=rate, dtype=dtype)
            state.step += 1
            if state.step % per_epoch and state.step % _LOOK_EVERY == 0:
                check_finite(float(state.loss), state.step)
                if ranks.any(stopping()):
                    state.loss = ranks.sum(state.loss)
                    save()
                    return False
                if pace.due():
                    mean = float(state.loss) / (state.step % per_epoch)
                    emit("progress", **_so_far(state, steps, mean, task, pace))
        mean = float(ranks.sum(state.loss)) / (per_epoch * ranks.world_size)
        check_finite(mean, state.step)
        state.loss.zero_()
        found = judge(state, task, ranks)
        if config.patience:
            state.note(found[spec.headline], higher_is_better=spec.higher_is_better)
        seconds = time.perf_counter() - began
        emit(
            "epoch",
            **_so_far(state, steps, mean, task, pace),
            epoch=epoch + 1,
            of=config.epochs,
            headline=spec.headline,
            value=found[spec.headline],
            seconds=round(seconds, 3),
            samples_per_s=round((state.step - first) * config.batch_size / seconds, 1),
        )
        save()
        if ranks.any(stopping()) and state.step < steps:
            return False
    return True


def judge(state: State, task: Task, ranks: Ranks) -> dict[str, float]:
    """The metrics on held-out data, the same on every rank."""
    state.judged.eval()
    found = task.judge(state.judged, ranks)
    state.judged.train()
    return found


def check_finite(loss: float, step: int) -> None:
    """Raise DivergedError for a loss that is no number: nothing that follows could be of use."""
    if not math.isfinite(loss):
        fix = "lower --lr, give --clip 1, and look at the data"
        raise DivergedError("loss", loss, f"must stay finite (step {step})", fix)


def _so_far(state: State, steps: int, loss: float, task: Task, pace: Pace) -> dict[str, object]:
    told = {"step": state.step, "steps": steps, "loss": round(loss, 6), "unit": task.unit}
    return {**told, **pace.measure(state.step)}
