"""Promotion: a candidate meets its gate and is put into production, or is refused with reasons."""

from dataclasses import dataclass

from workloads.data import store
from workloads.errors import InvalidInputError
from workloads.objects import Buckets
from workloads.registry.audit import Entry, Pinned
from workloads.registry.gate import GATES, Evidence, Finding
from workloads.registry.store import Registry


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a promotion; no findings where the version was in production already."""

    version: str
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> list[Finding]:
        """The rules that were not met."""
        return [finding for finding in self.findings if not finding.passed]


def promote(registry: Registry, buckets: Buckets, version: str | None, *, smoke: bool = False) -> Outcome:
    """Put a version (the newest when None) to the gate; the log says what came of it.

    Raises InvalidInputError for one that `--smoke` trained, unless `smoke` asks for it.
    """
    written = False
    while not written:
        entries = registry.log.entries()
        subject = registry.pinned(version) if version else _newest(registry.model, entries)
        head = entries[-1]
        if subject == head.production:
            return Outcome(version=subject.version, findings=())
        if not smoke:
            _refuse_smoke(registry, subject)
        findings = judge(registry, buckets, subject, head.production)
        passed = all(finding.passed for finding in findings)
        written = registry.log.append(
            head,
            "promoted" if passed else "refused",
            subject,
            production=subject if passed else head.production,
            detail=tuple(f"{f.rule}: {f.reason}" for f in findings if passed or not f.passed),
        )
    return Outcome(version=subject.version, findings=findings)


def judge(
    registry: Registry, buckets: Buckets, subject: Pinned, production: Pinned | None
) -> tuple[Finding, ...]:
    """Every rule of the model's gate on one version."""
    card = registry.card(subject)
    evidence = Evidence(
        card=card,
        production=registry.card(production) if production else None,
        read_weights=lambda: registry.weights(card),
        read_dataset=lambda: store.find(buckets.data, card.dataset.name, card.dataset.version),
    )
    return tuple(rule.judge(evidence) for rule in GATES[registry.model])


def _refuse_smoke(registry: Registry, subject: Pinned) -> None:
    """A version that was trained to try the stages is none to be served, would its gate pass it or not."""
    if registry.card(subject).smoke:
        rule = "was trained by --smoke, to try every stage: production has no use for it"
        fix = "train it without --smoke, name another version, or give --smoke to promote it all the same"
        raise InvalidInputError("version", f"{registry.model} {subject.version}", rule, fix)


def _newest(model: str, entries: list[Entry]) -> Pinned:
    registered = [entry.subject for entry in entries if entry.action == "registered"]
    if not registered:
        fix = f"train it: torchrun -m workloads.training {model} --site FILE"
        raise InvalidInputError("model", model, "must have a registered version", fix)
    return registered[-1]
