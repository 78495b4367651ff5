"""Every fold trained and judged; and the networks together, as an ensemble, on the held-out data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workloads.asking.version import Loaded
from workloads.data import store
from workloads.events import Emit, silent
from workloads.fingerprint import short_hash
from workloads.folds.task import Fold, divide
from workloads.judging.classified import Classified
from workloads.models.spec import load
from workloads.objects import Buckets
from workloads.training.card import card_of
from workloads.training.checkpoints import Nowhere
from workloads.training.loop import train
from workloads.training.plan import Plan
from workloads.training.precision import choose
from workloads.training.ranks import ALONE
from workloads.training.repeatable import repeatable
from workloads.training.state import new_state
from workloads.training.stop import Stop


def evaluate(plan: Plan, folds: int, buckets: Buckets, emit: Emit, stop: Stop) -> bool:
    """Train and judge all folds, those that are done already not again; False if asked to stop."""
    files = store.load(buckets.data, plan.dataset)
    found = []
    for fold in range(folds):
        key = f"folds/{plan.model.name}/{short_hash([plan.run, folds])}/{fold}.json"
        kept = buckets.checkpoints.get_json(key)
        if kept is None:
            kept = _train(plan, files, folds, fold, stop)
            if kept is None:
                emit("stopped", epoch=fold, of=folds, step=fold, run=plan.run)
                return False
            buckets.checkpoints.put_json(key, kept)
        found.append(kept)
        emit("fold", fold=fold + 1, of=folds, accuracy=kept["accuracy"], loss=kept["loss"])
    emit("folds", model=plan.model.name, folds=folds, **_together(found))
    return True


def _train(
    plan: Plan, files: Mapping[str, bytes], folds: int, fold: int, stop: Stop
) -> dict[str, Any] | None:
    spec = plan.model
    repeatable(spec.training)
    torch.manual_seed(spec.training.seed)
    whole = spec.open(files, ALONE)
    task = Fold(whole, *divide(whole.records, folds, spec.training.seed)[fold])
    dtype = choose(spec.training, ALONE)
    half = dtype is torch.float16
    state = new_state(task.network, spec.training, attachments=dict(task.attachments()), half=half)
    ended = train(
        state,
        task,
        replace(spec, headline="accuracy", higher_is_better=True),
        ALONE,
        dtype=dtype,
        emit=silent,
        checkpoints=Nowhere(),
        stopping=lambda: stop.asked,
    )
    if not ended:
        return None
    network = state.judged
    network.load_state_dict(state.weights())
    network.eval()
    said: Classified = load(str(spec.classify))(
        Loaded(spec, card_of(plan, {}, b"", 0), network, state.attachments), files
    )
    return {
        **task.judge(network, ALONE),
        "scores": np.round(said.scores, 6).tolist(),
        "labels": said.labels.tolist(),
    }


def _together(found: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and deviation over the folds; on the held-out data, the mean of one and what all say together."""
    accuracies = np.array([one["accuracy"] for one in found])
    scores, labels = np.array([one["scores"] for one in found]), np.array(found[0]["labels"])

    def right(said: NDArray[np.float64]) -> float:
        return float((said.argmax(-1) == labels).mean())

    return {
        "accuracy": round(float(accuracies.mean()), 6),
        "deviation": round(float(accuracies.std(ddof=1)), 6),
        "held_out_one": round(float(np.mean([right(one) for one in scores])), 6),
        "held_out_ensemble": round(right(scores.mean(0)), 6),
    }
