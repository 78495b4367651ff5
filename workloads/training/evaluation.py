"""Metrics of classifiers on held-out data: each rank judges its share once, and the counts are summed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from workloads.training.ranks import Ranks


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """How well a model does on `records` held-out records."""

    accuracy: float
    loss: float
    macro_f1: float
    lowest_recall: float
    records: int

    def as_dict(self) -> dict[str, float]:
        """By name, rounded to what that many records can tell."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def evaluate(
    logits_of: Callable[[Tensor], Tensor], labels: Tensor, ranks: Ranks, classes: int, batch: int = 1024
) -> Metrics:
    """Judge by the logits (n, classes) of records with indices (n,); every record counts once."""
    confusion, loss = confuse(logits_of, labels, ranks, classes, batch)
    return metrics(confusion, loss)


@torch.inference_mode()
def confuse(
    logits_of: Callable[[Tensor], Tensor], labels: Tensor, ranks: Ranks, classes: int, batch: int = 1024
) -> tuple[Tensor, float]:
    """The confusion matrix (true class, predicted class) and the summed loss, over all ranks."""
    confusion = torch.zeros(classes * classes, dtype=torch.float64, device=labels.device)
    loss = torch.zeros(1, dtype=torch.float64, device=labels.device)
    mine = torch.arange(ranks.rank, len(labels), ranks.world_size, device=labels.device)
    for chosen in torch.split(mine, batch):
        logits, y = logits_of(chosen).float(), labels[chosen]
        loss += cross_entropy(logits, y, reduction="sum")
        confusion += torch.bincount(y * classes + logits.argmax(1), minlength=classes * classes)
    totals = ranks.sum(torch.cat([confusion, loss])).cpu()
    return totals[:-1].view(classes, classes), float(totals[-1])


def metrics(confusion: Tensor, summed_loss: float) -> Metrics:
    """Metrics from a confusion matrix (true class, predicted class) and the summed loss."""
    hits, true, predicted = confusion.diag(), confusion.sum(1), confusion.sum(0)
    present = true > 0
    recall = (hits / true)[present]
    f1 = (2 * hits / (true + predicted))[present]
    records = float(confusion.sum())
    return Metrics(
        accuracy=float(hits.sum()) / records,
        loss=summed_loss / records,
        macro_f1=float(f1.mean()),
        lowest_recall=float(recall.min()),
        records=int(records),
    )
