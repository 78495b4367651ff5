"""A small network taught by a large one: it learns the teacher's probabilities (Hinton et al., 2015)."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from workloads.training.batches import batches
from workloads.training.config import TrainingConfig
from workloads.training.ranks import ALONE
from workloads.training.task import Task

_TEMPERATURE = 2.0
_FROM_TEACHER = 0.7


def distil(student: nn.Module, teacher: nn.Module, task: Task, config: TrainingConfig, epochs: int) -> None:
    """Teach `student`, in place, on the task's training data; batches end with the classes."""
    optimizer = torch.optim.AdamW(student.parameters(), lr=config.lr / 4, weight_decay=config.weight_decay)
    student.train()
    for epoch in range(epochs):
        for parts in batches(task, config, epoch, ALONE):
            for *given, labels in parts:
                with torch.no_grad():
                    taught = softmax(teacher(*given) / _TEMPERATURE, 1)
                said = student(*given)
                apart = kl_div(log_softmax(said / _TEMPERATURE, 1), taught, reduction="batchmean")
                loss = _FROM_TEACHER * _TEMPERATURE**2 * apart + (1 - _FROM_TEACHER) * cross_entropy(
                    said, labels
                )
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
    student.eval()
