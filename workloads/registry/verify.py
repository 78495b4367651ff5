"""Whether a model's history and files are what was written."""

from dataclasses import dataclass

from workloads.errors import CorruptDataError
from workloads.registry.audit import Entry, Pinned
from workloads.registry.store import Registry

_FIX = "restore the object's earlier version; the bucket keeps them"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found whole."""

    model: str
    entries: int
    versions: int
    head: str


def verify(registry: Registry, expected_head: str | None = None) -> Verified:
    """Check the chain, and each version's card and weights; raises CorruptDataError at the first break."""
    entries = registry.log.entries()
    production: Pinned | None = None
    previous: Entry | None = None
    for entry in entries:
        production = entry.subject if entry.action == "promoted" else production
        _check_link(registry.model, previous, entry, production)
        previous = entry
    registered = [entry.subject for entry in entries if entry.action == "registered"]
    for subject in registered:
        registry.weights(registry.card(subject))
    head = previous.hash if previous else ""
    if expected_head is not None and expected_head not in [entry.hash for entry in entries]:
        rule = "must be in the log: entries were removed or rewritten"
        raise CorruptDataError(f"{registry.model} audit log, head", expected_head, rule, _FIX)
    return Verified(model=registry.model, entries=len(entries), versions=len(registered), head=head)


def _check_link(model: str, previous: Entry | None, entry: Entry, production: Pinned | None) -> None:
    field = f"models/{model}/audit/{entry.sequence:08d}.json"
    sequence, before = (previous.sequence + 1, previous.hash) if previous else (1, "")
    if entry.sequence != sequence:
        raise CorruptDataError(field, entry.sequence, f"must follow entry {sequence - 1}", _FIX)
    if entry.previous != before:
        rule = "must hold the hash of the entry before it"
        raise CorruptDataError(field, entry.previous, rule, _FIX)
    if entry.production != production:
        rule = "must name as production what was promoted last"
        raise CorruptDataError(field, entry.production, rule, _FIX)
