"""The training loop as the program runs it, without a bucket."""

from collections.abc import Callable
from dataclasses import replace

import torch

from workloads.events import Emit, silent
from workloads.models.spec import ModelSpec
from workloads.training.checkpoints import Nowhere
from workloads.training.loop import train
from workloads.training.ranks import ALONE
from workloads.training.state import State, new_state
from workloads.training.task import Task


def learn(
    spec: ModelSpec, task: Task, *, emit: Emit = silent, stopping: Callable[[], bool] = lambda: False
) -> State:
    """Train a fresh state in fp32 until the end, or until `stopping`."""
    state = new_state(task.network, spec.training, attachments={})
    dtype = torch.float32
    train(state, task, spec, ALONE, dtype=dtype, emit=emit, checkpoints=Nowhere(), stopping=stopping)
    return state


def configured(spec: ModelSpec, **training: object) -> ModelSpec:
    """The model with other settings of its training."""
    changed = {**spec.training.model_dump(), **training}
    return replace(spec, training=type(spec.training).model_validate(changed))
