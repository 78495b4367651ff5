"""The card of a compressed version: its parent's, with what is another now."""

import torch

from workloads.compression.forms import Made
from workloads.fingerprint import code_version, sha256, short_hash
from workloads.registry.card import ONNX_FILE, Card, Compression, Configs, Lineage, WeightFacts, now

_CODE = ("workloads.compression", "workloads.models", "workloads.data")


def card_of(made: Made, content: bytes, metrics: dict[str, float], compression: Compression) -> Card:
    """What was made's card; its metrics are the model's own, judged anew on the parent's held-out data."""
    candidate, parent, code = made.candidate, made.candidate.parent.card, code_version(_CODE)
    run = {"parent": parent.version, "steps": compression.steps, "weights": sha256(content), "code": code}
    return Card(
        model=parent.model,
        title=f"{parent.title}, compressed",
        created=now(),
        metrics=metrics,
        dataset=parent.dataset,
        config=Configs(
            model=candidate.config.model_dump(mode="json"),
            training=parent.config.training,
            data=parent.config.data,
        ),
        lineage=Lineage(run=short_hash(run), code=code, world_size=1, torch=torch.__version__),
        weights=WeightFacts(
            sha256=sha256(content),
            size=len(content),
            parameters=sum(parameter.numel() for parameter in candidate.network.parameters()),
            file=ONNX_FILE if made.file == ONNX_FILE else None,
        ),
        compression=compression,
        smoke=parent.smoke,
    )
