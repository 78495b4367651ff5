"""A version with a phraser: measured, and as a version of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from workloads.asking.version import Loaded
from workloads.fingerprint import code_version, short_hash
from workloads.objects import Bucket
from workloads.phrasing.checkpoint import CheckpointPhraser
from workloads.phrasing.config import PhrasingConfig
from workloads.phrasing.measure import measure
from workloads.phrasing.opened import open_phraser
from workloads.phrasing.registered import RegisteredPhraser
from workloads.registry.card import Card, Lineage, Phrasing, now


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was measured of a phraser, by which it was named, within which limits."""

    parent: Card
    by: str
    phraser: CheckpointPhraser | RegisteredPhraser
    config: PhrasingConfig
    measured: dict[str, float]


def judge(
    parent: Loaded, by: str, bucket: Bucket, config: PhrasingConfig, files: Mapping[str, bytes]
) -> Found:
    """Open a phraser and measure it on held-out questions; raises InvalidInputError."""
    phraser = open_phraser(by, bucket, config.max_tokens, config.seconds)
    measured = measure(replace(parent, phraser=phraser), files)
    return Found(parent=parent.card, by=by, phraser=phraser, config=config, measured=measured)


def registrable(found: Found) -> Card:
    """The card of the parent with the phraser: its weights are the parent's."""
    parent, config, phraser = found.parent, found.config, found.phraser
    code = code_version(["workloads.phrasing", "workloads.models.chatbot"])
    limits = (config.max_tokens, config.seconds)
    run = short_hash({"parent": parent.version, "by": phraser.digest, "code": code, "limits": limits})
    phrasing = Phrasing(
        parent=parent.version,
        by=found.by,
        digest=phraser.digest,
        max_tokens=config.max_tokens,
        seconds=config.seconds,
        measured=found.measured,
    )
    return parent.model_copy(
        update={
            "title": f"{parent.title}, phrased by a language model",
            "created": now(),
            "lineage": Lineage(run=run, code=code, world_size=1, torch=torch.__version__),
            "phrasing": phrasing,
        }
    )
