"""The training loop."""

import math
import time
from collections.abc import Callable
from typing import Protocol

import torch

from workloads.errors import DivergedError
from workloads.events import Emit
from workloads.models.spec import ModelSpec
from workloads.training.batches import batches, steps_per_epoch
from workloads.training.compiling import compiled
from workloads.training.cost import Cost, accelerator, peak, share_of
from workloads.training.dropout import Drops
from workloads.training.looks import Looks
from workloads.training.pace import Pace
from workloads.training.parallel import keep_buffers, whole, wrapped
from workloads.training.privacy import guarded, secret_generator
from workloads.training.ranks import Ranks
from workloads.training.state import State, learning_rate
from workloads.training.step import step
from workloads.training.task import Task


class Saves(Protocol):
    """Where the state is kept."""

    def save(self, state: State) -> None:
        """Keep the state as it is now."""
        ...

    def settle(self) -> None:
        """Look after what is being written."""
        ...


def train(
    state: State,
    task: Task,
    spec: ModelSpec,
    ranks: Ranks,
    *,
    dtype: torch.dtype,
    emit: Emit,
    checkpoints: Saves,
    stopping: Callable[[], bool],
) -> bool:
    """Train `state` to its end; False if `stopping` on any rank asked to stop before that."""
    config = spec.training
    sheet = accelerator(ranks.device)
    cost = Cost(peak(ranks.device, dtype), sheet.watts if sheet else 0.0)
    network = compiled(state.network, task, config, ranks, dtype=dtype, emit=emit, cost=cost)
    network = wrapped(network, ranks)
    secret = None
    if config.private_epsilon:
        network, secret = guarded(state, config, task.records), secret_generator()
    per_epoch = steps_per_epoch(task.records, config)
    steps = per_epoch * config.epochs
    pace = Pace(steps, config.batch_size, task.units_per_record, first=state.step, cost=cost)
    looks, drops = Looks(ranks), Drops(state.network, config, ranks)
    while state.step < steps and not (config.patience and state.waited >= config.patience):
        began, first = time.perf_counter(), state.step
        epoch, done = divmod(state.step, per_epoch)
        for parts in batches(task, config, epoch, ranks, start=done, secret=secret):
            drops.begin(epoch, state.step)
            rate = learning_rate(state.step, steps, config)
            with cost.counting(share_of(parts, config.batch_size // ranks.world_size)):
                state.loss += step(state, task, network, parts, config, rate=rate, dtype=dtype, drops=drops)
            state.step += 1
            if not state.step % per_epoch:
                break
            if config.save_every and state.step % config.save_every == 0:
                check_finite(float(state.loss), state.step)
                _save(state, checkpoints)
            if looks.due():
                check_finite(float(state.loss), state.step)
                checkpoints.settle()
                if looks.any(stopping()):
                    _save(state, checkpoints)
                    return False
                if pace.due():
                    mean = float(state.loss) / (state.step % per_epoch)
                    emit("progress", **_so_far(state, steps, mean, task, pace))
        mean = float(ranks.sum(state.loss)) / (per_epoch * ranks.world_size)
        check_finite(mean, state.step)
        state.loss.zero_()
        found = judge(state, task, spec, ranks)
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
        _save(state, checkpoints)
        if ranks.any(stopping()) and state.step < steps:
            return False
    return True


def judge(state: State, task: Task, spec: ModelSpec, ranks: Ranks) -> dict[str, float]:
    """The metrics on held-out data, the same on every rank; raises DivergedError for one that is no number.

    What a model learns by being judged, a threshold for one, is in its buffers.
    """
    network = whole(state.judged, spec)
    network.eval()
    found = task.judge(network, ranks)
    network.train()
    keep_buffers(state.judged, of=network)
    for name, value in found.items():
        check_finite(value, state.step, name)
    return found


def _save(state: State, checkpoints: Saves) -> None:
    """Keep the state, unless its last step made it one from which nothing can go on."""
    for parameter in state.network.parameters():
        if not parameter.isfinite().all():
            check_finite(math.nan, state.step, "weights")
    checkpoints.save(state)


def check_finite(value: float, step: int, what: str = "loss") -> None:
    """Raise DivergedError for a loss, or another value, that is no number: what follows is of no use."""
    if not math.isfinite(value):
        fix = "lower --lr, give --clip 1, and look at the data"
        raise DivergedError(what, value, f"must stay finite (step {step})", fix)


def _so_far(state: State, steps: int, loss: float, task: Task, pace: Pace) -> dict[str, object]:
    rate = float(f"{state.optimizer.param_groups[0]['lr']:.6g}")
    told = {"step": state.step, "steps": steps, "loss": round(loss, 6), "lr": rate, "unit": task.unit}
    return {**told, **pace.measure(state.step)}
