"""Cards for models that were never trained."""

from workloads.fingerprint import sha256
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now


def card(
    *,
    accuracy: float = 0.97,
    weights: bytes = b"weights",
    data: str = "bb61fb497017",
    licence: str = "CC0-1.0",
    run: str = "0123456789ab",
) -> Card:
    """A card of `mnist` that is complete unless told otherwise."""
    return Card(
        model="mnist",
        title="toy",
        created=now(),
        metrics={"accuracy": accuracy},
        dataset=DatasetFacts(
            name="toy", version=data, source="made here", licence=licence, records={"train": 1}
        ),
        config=Configs(model={"widths": [784, 10]}, training={"epochs": 1}),
        lineage=Lineage(run=run, code="c0de", world_size=1, torch="2"),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=7850),
    )
