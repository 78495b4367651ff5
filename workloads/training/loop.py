"""The training loop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from workloads.data.images import CLASSES, Labelled, Splits
from workloads.errors import DivergedError
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


def to_device(splits: Splits, device: torch.device) -> Data:
    """The splits as tensors, pixels scaled to 0-1."""

    def pair(part: Labelled) -> tuple[Tensor, Tensor]:
        images, labels = torch.tensor(part.images, device=device), torch.tensor(part.labels, device=device)
        return images.float() / 255, labels.long()

    (images, labels), (held_out_images, held_out_labels) = pair(splits.train), pair(splits.test)
    return Data(
        images=images, labels=labels, held_out_images=held_out_images, held_out_labels=held_out_labels
    )


def train(
    state: State,
    data: Data,
    config: TrainingConfig,
    ranks: Ranks,
    *,
    emit: Emit,
    after_epoch: Callable[[], bool],
) -> bool:
    """Train `state` to its last epoch; False if `after_epoch` asked to stop before that."""
    model = ranks.wrap(state.model)
    per_epoch = steps_per_epoch(len(data.labels), config)
    while state.epoch < config.epochs:
        began, summed = time.perf_counter(), torch.zeros(1, device=ranks.device)
        for step, (x, y) in enumerate(batches(data.images, data.labels, config, state.epoch, ranks)):
            rate = learning_rate(state.epoch * per_epoch + step, config.epochs * per_epoch, config)
            for group in state.optimizer.param_groups:
                group["lr"] = rate
            state.optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            torch.autograd.backward(loss)
            state.optimizer.step()
            summed += loss.detach()
        state.epoch += 1
        mean_loss = float(ranks.sum(summed)) / (per_epoch * ranks.world_size)
        if not math.isfinite(mean_loss):
            fix = "lower --lr, and look at the data"
            raise DivergedError("loss", mean_loss, f"must stay finite (epoch {state.epoch})", fix)
        found = judge(state, data, ranks)
        seconds = time.perf_counter() - began
        emit(
            "epoch",
            epoch=state.epoch,
            of=config.epochs,
            loss=round(mean_loss, 6),
            accuracy=round(found.accuracy, 6),
            seconds=round(seconds, 3),
            samples_per_s=round(per_epoch * config.batch_size / seconds, 1),
        )
        if not after_epoch() and state.epoch < config.epochs:
            return False
    return True


def judge(state: State, data: Data, ranks: Ranks) -> Metrics:
    """The metrics on held-out data, the same on every rank."""
    return evaluate(state.model, data.held_out_images, data.held_out_labels, ranks, CLASSES)
