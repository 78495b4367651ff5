"""Metrics on held-out data: each rank judges its share once, and the counts are summed."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workloads.training.ranks import Ranks

_BATCH = 1024


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


@torch.inference_mode()
def evaluate(model: nn.Module, images: Tensor, labels: Tensor, ranks: Ranks, classes: int) -> Metrics:
    """Judge `model` on images (n, 28, 28) of 0-1 and labels (n,); every record counts once."""
    model.eval()
    confusion = torch.zeros(classes * classes, dtype=torch.float64, device=images.device)
    loss = torch.zeros(1, dtype=torch.float64, device=images.device)
    mine = slice(ranks.rank, None, ranks.world_size)
    pairs = zip(torch.split(images[mine], _BATCH), torch.split(labels[mine], _BATCH), strict=True)
    for x, y in pairs:
        logits = model(x)
        loss += cross_entropy(logits, y, reduction="sum")
        confusion += torch.bincount(y * classes + logits.argmax(1), minlength=classes * classes)
    model.train()
    totals = ranks.sum(torch.cat([confusion, loss])).cpu()
    return metrics(totals[:-1].view(classes, classes), float(totals[-1]))


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
