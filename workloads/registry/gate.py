"""The promotion gate: rules as data, each judging the evidence and giving its reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from workloads.errors import WorkloadError
from workloads.registry.card import Card


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the rules look at: the candidate, what is in production, and how to check stored bytes."""

    card: Card
    production: Card | None
    read_weights: Callable[[], object]
    read_dataset: Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule's judgement."""

    rule: str
    passed: bool
    reason: str


class Rule(Protocol):
    """One condition for production."""

    def judge(self, evidence: Evidence) -> Finding:
        """Whether it is met, and why."""
        ...


@dataclass(frozen=True)
class AtLeast:
    """A metric is there and no lower than `least`."""

    metric: str
    least: float

    def judge(self, evidence: Evidence) -> Finding:
        """Compare the candidate's own metric."""
        value = evidence.card.metrics.get(self.metric)
        passed = value is not None and value >= self.least
        found = "not measured" if value is None else f"{value:.4f}"
        reason = f"{self.metric} is {found}, at least {self.least:.4f} is asked for"
        return Finding(rule=f"{self.metric} at least {self.least}", passed=passed, reason=reason)


@dataclass(frozen=True)
class AtMost:
    """A metric is there and no higher than `most`."""

    metric: str
    most: float

    def judge(self, evidence: Evidence) -> Finding:
        """Compare the candidate's own metric."""
        value = evidence.card.metrics.get(self.metric)
        passed = value is not None and value <= self.most
        found = "not measured" if value is None else f"{value:.4f}"
        reason = f"{self.metric} is {found}, at most {self.most:.4f} is asked for"
        return Finding(rule=f"{self.metric} at most {self.most}", passed=passed, reason=reason)


@dataclass(frozen=True)
class BetterThan:
    """A metric is higher than another: than what a rule of thumb would give."""

    metric: str
    other: str

    def judge(self, evidence: Evidence) -> Finding:
        """Compare two of the candidate's own metrics."""
        value, other = (evidence.card.metrics.get(name) for name in (self.metric, self.other))
        rule = f"{self.metric} above {self.other}"
        if value is None or other is None:
            return Finding(rule=rule, passed=False, reason=f"{self.metric} or {self.other} is not measured")
        reason = f"{self.metric} is {value:.4f}, {self.other} {other:.4f}"
        return Finding(rule=rule, passed=value > other, reason=reason)


@dataclass(frozen=True)
class NotWorse:
    """A metric is no more than `tolerance` worse than that of the version in production."""

    metric: str
    tolerance: float
    higher_is_better: bool = True

    def judge(self, evidence: Evidence) -> Finding:
        """Compare with production; passes where there is none."""
        rule = f"{self.metric} not worse than production"
        if evidence.production is None:
            return Finding(rule=rule, passed=True, reason="nothing is in production")
        now, before = (c.metrics.get(self.metric) for c in (evidence.card, evidence.production))
        if now is None or before is None:
            return Finding(rule=rule, passed=False, reason=f"{self.metric} was not measured for both")
        same = evidence.card.dataset.version == evidence.production.dataset.version
        note = "" if same else ", on other data"
        reason = f"{self.metric} is {now:.4f}, production has {before:.4f}{note} (tolerance {self.tolerance})"
        lost = before - now if self.higher_is_better else now - before
        return Finding(rule=rule, passed=lost <= self.tolerance, reason=reason)


@dataclass(frozen=True)
class CardComplete:
    """No fact on the card is empty."""

    def judge(self, evidence: Evidence) -> Finding:
        """Look for empty facts."""
        empty = evidence.card.empty_fields()
        reason = f"empty: {', '.join(empty)}" if empty else "every fact is given"
        return Finding(rule="card complete", passed=not empty, reason=reason)


@dataclass(frozen=True)
class WeightsIntact:
    """The stored weights have the hash that the card gives."""

    def judge(self, evidence: Evidence) -> Finding:
        """Read them again."""
        return _readable("weights intact", evidence.read_weights, "SHA-256 as on the card")


@dataclass(frozen=True)
class DataKnown:
    """The data set of the card is in the data bucket, in that version."""

    def judge(self, evidence: Evidence) -> Finding:
        """Read its manifest."""
        return _readable("data known", evidence.read_dataset, f"{evidence.card.dataset.version} is there")


@dataclass(frozen=True)
class AsPrivate:
    """Privacy that was asked for is on the card, and no record loses more of it than in production."""

    def judge(self, evidence: Evidence) -> Finding:
        """Compare the card's epsilon and delta with its configuration, its data, and production."""
        card, production = evidence.card, evidence.production
        asked, found = card.config.training.get("private_epsilon", 0), card.privacy
        before = production.privacy if production else None
        reasons = []
        if found is None:
            reasons += ["it was asked for, and is not on the card"] if asked else []
            reasons += [f"it has none, production has epsilon {before.epsilon:.4g}"] if before else []
        else:
            reasons += (
                [f"epsilon is {found.epsilon:.4g}, {asked} was asked for"] if found.epsilon > asked else []
            )
            if found.delta * card.dataset.records.get("train", 0) >= 1:
                reasons.append(f"delta is {found.delta:g}, which must be below one in the training records")
            if before and (found.epsilon > before.epsilon or found.delta > before.delta):
                held = f"epsilon {before.epsilon:.4g} at delta {before.delta:g}"
                reasons.append(
                    f"epsilon is {found.epsilon:.4g} at delta {found.delta:g}, production has {held}"
                )
        kept = f"epsilon {found.epsilon:.4g} at delta {found.delta:g}" if found else "none was asked for"
        return Finding(rule="as private", passed=not reasons, reason="; ".join(reasons) or kept)


_ALWAYS: tuple[Rule, ...] = (WeightsIntact(), CardComplete(), DataKnown(), AsPrivate())

GATES: Mapping[str, tuple[Rule, ...]] = {
    "mnist": (*_ALWAYS, AtLeast("accuracy", 0.96), NotWorse("accuracy", 0.005)),
    "lm": (*_ALWAYS, AtMost("bits_per_byte", 3.0), NotWorse("bits_per_byte", 0.05, higher_is_better=False)),
    "recommender": (
        *_ALWAYS,
        BetterThan("recall_at_10", "frequent_recall"),
        NotWorse("recall_at_10", 0.02),
    ),
    "sentiment": (*_ALWAYS, AtLeast("macro_f1", 0.8), NotWorse("macro_f1", 0.01)),
    "chatbot": (
        *_ALWAYS,
        AtLeast("coverage", 0.6),
        AtMost("false_answers", 0.05),
        NotWorse("coverage", 0.02),
        NotWorse("false_answers", 0.02, higher_is_better=False),
    ),
    "mnist-cnn": (*_ALWAYS, AtLeast("accuracy", 0.97), NotWorse("accuracy", 0.005)),
}
"""What each model must meet."""


def _readable(rule: str, read: Callable[[], object], reason: str) -> Finding:
    try:
        read()
    except WorkloadError as error:
        return Finding(rule=rule, passed=False, reason=f"{error.field} {error.rule}")
    return Finding(rule=rule, passed=True, reason=reason)
