"""The phraser that a card names."""

from dataclasses import replace

from workloads.asking.version import Loaded
from workloads.errors import CorruptDataError
from workloads.objects import Bucket
from workloads.phrasing.checkpoint import CheckpointPhraser, open_checkpoint
from workloads.phrasing.registered import MODEL, RegisteredPhraser, open_registered


def open_phraser(
    by: str, bucket: Bucket, max_tokens: int, seconds: float
) -> CheckpointPhraser | RegisteredPhraser:
    """`lm:VERSION` of the registry, or a checkpoint; raises InvalidInputError."""
    model, _, version = by.partition(":")
    if model == MODEL:
        return open_registered(bucket, version, max_tokens, seconds)
    return open_checkpoint(by, max_tokens, seconds)


def with_phraser(loaded: Loaded, bucket: Bucket) -> Loaded:
    """A version with the phraser on its card, if there is one; raises CorruptDataError for another one."""
    facts = loaded.card.phrasing
    if facts is None:
        return loaded
    phraser = open_phraser(facts.by, bucket, facts.max_tokens, facts.seconds)
    if phraser.digest != facts.digest:
        name = f"{loaded.card.model} {loaded.card.version}, phraser {facts.by}"
        rule = f"must be what was registered ({facts.digest[:12]}...)"
        fix = f"bring that checkpoint back, or phrase {facts.parent} anew: python -m workloads.phrasing"
        raise CorruptDataError(name, f"{phraser.digest[:12]}...", rule, fix)
    return replace(loaded, phraser=phraser)
