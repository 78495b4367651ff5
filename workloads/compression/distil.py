"""A network taught by another: it learns what that says (Hinton et al., 2015), and the task itself."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, kl_div, log_softmax, softmax

from workloads.compression.candidate import Form
from workloads.compression.numbers import held
from workloads.training.batches import batches
from workloads.training.config import TrainingConfig
from workloads.training.ranks import ALONE
from workloads.training.task import Task

_TEMPERATURE = 2.0
_FROM_TEACHER = 0.7


def _scores_apart(said: Tensor, taught: Tensor) -> Tensor:
    """How far probabilities are apart; the last dimension is what is chosen from."""
    found = log_softmax(said.flatten(0, -2) / _TEMPERATURE, -1)
    wanted = softmax(taught.flatten(0, -2) / _TEMPERATURE, -1)
    return _TEMPERATURE**2 * kl_div(found, wanted, reduction="batchmean")


def _places_apart(said: Tensor, taught: Tensor) -> Tensor:
    """How far directions are apart."""
    return 1 - cosine_similarity(said, taught, dim=-1).mean()


APART: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"scores": _scores_apart, "places": _places_apart}
"""By what a model says."""


def distil(
    student: nn.Module,
    teacher: nn.Module,
    task: Task,
    config: TrainingConfig,
    *,
    epochs: int,
    says: str,
    form: Form,
) -> None:
    """Teach `student`, in place, on the task's training data; what was cut or rounded of it stays so."""
    apart: list[Tensor] = []

    def both(*given: Tensor) -> Tensor:
        said: Tensor = student(*given)
        with torch.no_grad():
            taught = teacher(*given)
        apart.append(APART[says](said.float(), taught))
        return said

    with held(student, form):
        optimizer = torch.optim.AdamW(
            student.parameters(), lr=config.lr / 4, weight_decay=config.weight_decay
        )
        student.train()
        for epoch in range(epochs):
            for parts in batches(task, config, epoch, ALONE):
                optimizer.zero_grad()
                for batch in parts:
                    loss = (1 - _FROM_TEACHER) * task.loss(both, batch) + _FROM_TEACHER * apart.pop()
                    torch.autograd.backward(loss / len(parts))
                optimizer.step()
        student.eval()
