"""A judgement: the model's own metrics, a classifier's in detail, latency, size, and what counted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from workloads.asking.version import Loaded
from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.judging import classification
from workloads.judging.classified import Shown
from workloads.judging.speed import latency
from workloads.models.spec import ModelSpec, load
from workloads.training.ranks import ALONE
from workloads.training.task import Task

_ROUNDED = 1.001
"""Another machine's arithmetic may differ in the last digits."""


def opened(loaded: Loaded, files: Mapping[str, bytes]) -> tuple[Task, ModelSpec]:
    """A version's data as it learnt them, and its model with the configurations on its card."""
    card, fix = loaded.card, "train the model again"
    same = replace(
        loaded.spec,
        config=validate(type(loaded.spec.config), card.config.model, fix=fix),
        data=validate(type(loaded.spec.data), card.config.data or {}, fix=fix),
    )
    torch.manual_seed(0)
    return same.open(files, ALONE), same


def privacy(loaded: Loaded) -> dict[str, float]:
    """Epsilon, accounted for anew from the card's noise, sampling and steps, and delta.

    Raises CorruptDataError where that is more than the card says.
    """
    from workloads.training.privacy import epsilon_of  # noqa: PLC0415

    facts = loaded.card.privacy
    if facts is None:
        return {}
    found = epsilon_of(facts.noise_multiplier, facts.sample_rate, facts.steps, facts.delta)
    if found > facts.epsilon * _ROUNDED:
        rule, fix = f"must be {found:.4g} by its noise, sampling and steps", "train the model again"
        raise CorruptDataError(f"{loaded.card.model} {loaded.card.version} epsilon", facts.epsilon, rule, fix)
    return {"epsilon": found, "delta": facts.delta}


def judge(loaded: Loaded, files: Mapping[str, bytes]) -> tuple[dict[str, Any], list[Shown]]:
    """All that is found out about a version on a data set's held-out part, and what is shown of it."""
    spec, card = loaded.spec, loaded.card
    task, _ = opened(loaded, files)
    found: dict[str, Any] = {
        "metrics": task.judge(loaded.network, ALONE),
        "size": {"parameters": card.weights.parameters, "bytes": card.weights.size},
        "latency_ms": latency(task, loaded.network),
    }
    if card.privacy:
        found["privacy"] = privacy(loaded)
    if loaded.phraser:
        from workloads.phrasing.measure import measure  # noqa: PLC0415

        found["phrasing"] = measure(loaded, files)
    if spec.classify:
        found["classes"] = classification.judge(load(spec.classify)(loaded, files))
    shown: list[Shown] = load(spec.explain)(loaded, files) if spec.explain and loaded.form == "fp32" else []
    found["attribution_gap"] = max((one.gap for one in shown), default=None)
    return found, shown
