"""Metrics of a classifier: as a whole, by class, by slice; and whether it is as often right as it is sure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from workloads.judging.classified import Classified, Scores

BINS = 10


def judge(classified: Classified) -> dict[str, Any]:
    """Everything that is measured, by name; what cannot be is None."""
    labels, scores = classified.labels, classified.scores
    classes = range(len(classified.names))
    predicted = scores.argmax(1)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=list(classes), zero_division=0
    )
    present = support > 0
    return {
        "records": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "macro_precision": float(precision[present].mean()),
        "macro_recall": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "roc_auc": _auc(labels, scores),
        "log_loss": float(-np.log(np.clip(scores[np.arange(len(labels)), labels], 1e-12, 1)).mean()),
        "calibration_error": calibration_error(reliability(classified)),
        "confusion": confusion_matrix(labels, predicted, labels=list(classes)).tolist(),
        "by_class": {
            name: {
                "precision": float(precision[at]),
                "recall": float(recall[at]),
                "f1": float(f1[at]),
                "records": int(support[at]),
            }
            for at, name in enumerate(classified.names)
        },
        "by_slice": {name: _slices(parts, labels, predicted) for name, parts in classified.slices.items()},
        "reliability": reliability(classified),
    }


def reliability(classified: Classified) -> list[dict[str, float]]:
    """By bins of the highest probability: how many records, how sure, how often right (Guo et al., 2017)."""
    sure, right = classified.scores.max(1), classified.scores.argmax(1) == classified.labels
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {
            "records": int((bins == at).sum()),
            "sure": float(sure[bins == at].mean()),
            "right": float(right[bins == at].mean()),
        }
        for at in range(BINS)
        if (bins == at).any()
    ]


def calibration_error(bins: list[dict[str, float]]) -> float:
    """The mean distance of sure and right, each bin by its records (ECE)."""
    total = sum(part["records"] for part in bins)
    return sum(part["records"] / total * abs(part["sure"] - part["right"]) for part in bins)


def _auc(labels: NDArray[np.int64], scores: Scores) -> float | None:
    """Area under the ROC curve, each class against the others, all weighing the same."""
    areas = [
        float(roc_auc_score(labels == at, scores[:, at]))
        for at in range(scores.shape[1])
        if 0 < (labels == at).sum() < len(labels)
    ]
    return sum(areas) / len(areas) if areas else None


def _slices(
    parts: list[str], labels: NDArray[np.int64], predicted: NDArray[np.int64]
) -> Mapping[str, dict[str, float]]:
    found, of = {}, np.array(parts)
    for part in sorted(set(parts)):
        right = (predicted == labels)[of == part]
        found[part] = {"records": len(right), "accuracy": float(right.mean())}
    return found
