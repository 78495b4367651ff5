"""The card of what a plan's run made."""

import torch

from workloads.fingerprint import sha256
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, PrivacyFacts, WeightFacts, now
from workloads.training.plan import Plan


def card_of(
    plan: Plan, found: dict[str, float], weights: bytes, parameters: int, privacy: PrivacyFacts | None = None
) -> Card:
    """The metrics `found` and a weights file, with all that the plan knows of where they came from."""
    dataset = plan.dataset
    return Card(
        model=plan.model.name,
        title=plan.model.title,
        created=now(),
        metrics=found,
        dataset=DatasetFacts(
            name=dataset.name,
            version=dataset.version,
            source=dataset.source,
            licence=dataset.licence,
            records=dataset.records,
        ),
        config=Configs(**plan.configs()),
        lineage=Lineage(run=plan.run, code=plan.code, world_size=plan.world_size, torch=torch.__version__),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=parameters),
        privacy=privacy,
        smoke=True if plan.model.small else None,
    )
