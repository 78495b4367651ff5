"""Registered versions as the command line tells them."""

from dataclasses import asdict
from typing import Any

from workloads.models.table import MODELS
from workloads.objects import Bucket
from workloads.registry.promotion import Outcome
from workloads.registry.store import Registry, Version, model_names, stage_of


def listed(bucket: Bucket, model: str | None) -> list[dict[str, Any]]:
    """A row for every version of a model (None: of all that are known), in the order of registration."""
    names = [model] if model else [name for name in model_names(bucket) if name in MODELS]
    return [_row(version) for name in names for version in Registry(bucket, name).versions()]


def shown(registry: Registry, version: str | None, *, whole: bool) -> dict[str, Any]:
    """A version's card, stage and history (None: production's): `whole` as data, else for a reader."""
    entries = registry.log.entries()
    pinned = registry.chosen(version)
    card = registry.card(pinned)
    stage = stage_of(card.version, entries)
    history = [
        {"time": e.time, "actor": e.actor, "action": e.action, "detail": list(e.detail)}
        for e in entries
        if e.subject == pinned
    ]
    if whole:
        return {
            "version": card.version,
            "stage": stage,
            "history": history,
            **card.model_dump(mode="json"),
        }
    lines = [f"- {h['time']} {h['action']} by {h['actor']}" for h in history]
    return {"markdown": card.markdown(), "stage": stage, "history": "\n".join(lines)}


def judged(model: str, outcome: Outcome) -> tuple[str, dict[str, Any]]:
    """What came of a promotion: the event's name, and what it says."""
    subject = {"model": model, "version": outcome.version}
    if not outcome.findings:
        reason = f"{outcome.version} is in production already"
        return "skipped", {**subject, "stage": "production", "reason": reason}
    gate = [asdict(finding) for finding in outcome.findings]
    if outcome.failed:
        return "refused", {**subject, "gate": gate, "reasons": [f.reason for f in outcome.failed]}
    return "promoted", {**subject, "stage": "production", "gate": gate}


def _row(version: Version) -> dict[str, Any]:
    card, headline = version.card, MODELS[version.card.model].headline
    return {
        "name": card.model,
        "version": card.version,
        "stage": version.stage,
        "created": card.created,
        "metrics": card.metrics,
        "headline": f"{headline} {card.metrics[headline]:.4g}" if headline in card.metrics else "not judged",
        "dataset": f"{card.dataset.name}@{card.dataset.version}",
        "run": card.lineage.run,
    }
