"""Made data, and cards of models that were never trained."""

import numpy as np

from workloads.data.content import Content, Origin
from workloads.data.images import Labelled, Splits, pack
from workloads.fingerprint import sha256
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now

ORIGIN = Origin(name="toy", source="made here", licence="CC0-1.0", preparation="none")


def toy(seed: int = 0) -> Splits:
    """Noise: 20 images to learn from, 5 held out."""
    rng = np.random.default_rng(seed)

    def part(n: int) -> Labelled:
        return Labelled(
            rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n, dtype=np.uint8)
        )

    return Splits(train=part(20), test=part(5))


def toy_content(seed: int = 0) -> Content:
    """The same as a data set's content."""
    return pack(toy(seed))


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
