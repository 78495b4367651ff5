"""One step: gradients of a batch, part by part, and what the optimizer makes of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from workloads.training.config import TrainingConfig
from workloads.training.dropout import Drops
from workloads.training.parallel import exchanging
from workloads.training.privacy import without_records
from workloads.training.state import State
from workloads.training.task import Batch, Task


def step(
    state: State,
    task: Task,
    network: nn.Module,
    parts: Sequence[Batch],
    config: TrainingConfig,
    *,
    rate: float,
    dtype: torch.dtype,
    drops: Drops,
) -> Tensor:
    """Learn from one batch at a learning rate; its mean loss on this rank."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.optimizer.zero_grad()
    total = torch.zeros_like(state.loss)
    autocast = torch.autocast(total.device.type, dtype, enabled=dtype is not torch.float32)
    for number, batch in enumerate(parts):
        with exchanging(network, now=number == len(parts) - 1), drops.of(number, batch):
            with autocast:
                loss = task.loss(network, batch) / len(parts)
            torch.autograd.backward(state.scaler.scale(loss))
        total += loss.detach()
    if not parts:
        without_records(state.network)
    if config.clip:
        state.scaler.unscale_(state.optimizer)
        nn.utils.clip_grad_norm_(state.network.parameters(), config.clip)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    if state.average:
        state.average.update_parameters(state.network)
    return total
