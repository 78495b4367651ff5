"""The card of a compressed version: its parent's, with what is another now."""

import torch

from workloads.compression.steps import Candidate
from workloads.fingerprint import code_version, sha256, short_hash
from workloads.registry.card import ONNX_FILE, Card, Compression, Configs, Lineage, WeightFacts, now
from workloads.training.ranks import ALONE

_CODE = ("workloads.compression", "workloads.models", "workloads.data")


def card_of(made: Candidate, content: bytes, compression: Compression) -> Card:
    """A candidate's card; its metrics are the model's own, judged anew on the parent's held-out data."""
    parent, code = made.parent.card, code_version(_CODE)
    run = {"parent": parent.version, "steps": compression.steps, "weights": sha256(content), "code": code}
    # An ONNX file's own numbers do not tell how many are learnt; nothing is taken out where only they know.
    known = made.config.parameters or parent.weights.parameters
    return Card(
        model=parent.model,
        title=f"{parent.title}, compressed",
        created=now(),
        metrics=made.task.judge(made.network.eval(), ALONE),
        dataset=parent.dataset,
        config=Configs(
            model=made.config.model_dump(mode="json"),
            training=parent.config.training,
            data=parent.config.data,
        ),
        lineage=Lineage(run=short_hash(run), code=code, world_size=1, torch=torch.__version__),
        weights=WeightFacts(
            sha256=sha256(content),
            size=len(content),
            parameters=known,
            file=ONNX_FILE if made.file == ONNX_FILE else None,
        ),
        compression=compression,
    )
