"""The training loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workloads.data.images import CLASSES
from workloads.events import Emit
from workloads.training.batches import batches, steps_per_epoch
from workloads.training.config import TrainingConfig
from workloads.training.evaluation import Metrics, evaluate
from workloads.training.ranks import Ranks
from workloads.training.state import State, learning_rate


@dataclass(frozen=True, kw_only=True)
class Data:
    """Images (n, 28, 28) of 0-1 and labels (n,), on this rank's device."""

    images: Tensor
    labels: Tensor
    held_out_images: Tensor
    held_out_labels: Tensor


def train(
    state: State,
    data: Data,
    config: TrainingConfig,
    ranks: Ranks,
    *,
    emit: Emit,
    after_epoch: Callable[[State], bool],
) -> Metrics | None:
    """Train `state` to its last epoch; the metrics, or None when `after_epoch` asked to stop."""
    model = ranks.wrap(state.model)
    per_epoch = steps_per_epoch(len(data.labels), config)
    found = evaluate(state.model, data.held_out_images, data.held_out_labels, ranks, CLASSES)
    while state.epoch < config.epochs:
        began, summed = time.perf_counter(), torch.zeros(1, device=ranks.device)
        for step, (x, y) in enumerate(batches(data.images, data.labels, config, state.epoch, ranks)):
            rate = learning_rate(state.epoch * per_epoch + step, config.epochs * per_epoch, config)
            for group in state.optimizer.param_groups:
                group["lr"] = rate
            state.optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            state.optimizer.step()
            summed += loss.detach()
        state.epoch += 1
        mean_loss = float(ranks.sum(summed)) / (per_epoch * ranks.world_size)
        found = evaluate(state.model, data.held_out_images, data.held_out_labels, ranks, CLASSES)
        _tell(emit, state.epoch, config, mean_loss, found, time.perf_counter() - began, per_epoch)
        if not after_epoch(state) and state.epoch < config.epochs:
            return None
    return found


def _tell(
    emit: Emit,
    epoch: int,
    config: TrainingConfig,
    loss: float,
    found: Metrics,
    seconds: float,
    steps: int,
) -> None:
    emit(
        "epoch",
        epoch=epoch,
        of=config.epochs,
        loss=round(loss, 6),
        accuracy=round(found.accuracy, 6),
        seconds=round(seconds, 3),
        samples_per_s=round(steps * config.batch_size / seconds, 1),
    )
