"""One compression: the parent opened, the steps taken, what came out measured, and kept or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from workloads.asking.version import load_version
from workloads.command import validate
from workloads.compression.best import AS_IT_IS, best, variants
from workloads.compression.budget import Budget, Measured, over
from workloads.compression.candidate import Candidate
from workloads.compression.card import card_of
from workloads.compression.forms import Made, made
from workloads.compression.measure import measure
from workloads.compression.steps import take
from workloads.errors import InvalidInputError
from workloads.files import write_whole
from workloads.fingerprint import canonical, sha256
from workloads.judging.judgement import opened
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card, Compression
from workloads.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was made and measured: the chosen one, where one is within the budget, and why others are not."""

    parent: Card
    chosen: str
    made: Mapping[str, Made]
    measured: Mapping[str, Measured]
    reasons: list[str]
    left_out: Mapping[str, str]

    @property
    def won(self) -> str:
        """In words."""
        before, after = self.measured[AS_IT_IS], self.measured[self.chosen]
        size, speed = before.bytes / after.bytes, before.latency_ms / after.latency_ms
        kept = self.made[self.chosen].candidate.parent.spec.kept
        quality = (
            f"{each.name} {after.metrics[each.name]:.4g} of {before.metrics[each.name]:.4g}" for each in kept
        )
        return f"{size:.1f} x smaller, {speed:.1f} x faster, {', '.join(quality)}"

    def facts(self) -> dict[str, Any]:
        """For events, and for the file beside the weights."""
        one = self.made[self.chosen].candidate
        told = {name: measured.told(one.parent.spec.kept) for name, measured in self.measured.items()}
        return {
            "model": self.parent.model,
            "parent": self.parent.version,
            "steps": self.chosen,
            "config": one.config.model_dump(mode="json"),
            "measured": told,
            "left_out": dict(self.left_out),
        }


def open_parent(spec: ModelSpec, card: Card, weights: bytes, files: Mapping[str, bytes]) -> Candidate:
    """A registered version before the first step; raises InvalidInputError for one that none goes on from."""
    if card.ensemble:
        raise InvalidInputError("version", card.version, "is an ensemble", "compress one of its members")
    parent = load_version(spec, card, weights)
    if parent.form != "fp32":
        rule, fix = f"is in {parent.form}, from which no step goes on", "name its parent with --version"
        raise InvalidInputError("version", card.version, rule, fix)
    if card.phrasing:
        rule, fix = "is phrased, which a compressed one would not be", "compress its parent, then phrase that"
        raise InvalidInputError("version", card.version, rule, fix)
    task, same = opened(parent, files)
    training = validate(TrainingConfig, card.config.training, fix="train the model again")
    parent = replace(parent, spec=replace(same, training=training))
    torch.manual_seed(training.seed)
    return Candidate(parent.network, same.config, parent, task)


def compress(first: Candidate, budget: Budget, recipes: Sequence[str], *, any_form: bool) -> Found:
    """Take the steps and measure; with `any_form` each recipe, and the parent, in every form there is."""
    spec = first.parent.spec
    left_out: dict[str, str] = {}
    if any_form:
        found, left_out = variants(first, recipes)
    else:
        found = {AS_IT_IS: made(first), **{recipe: made(take(first, recipe)) for recipe in recipes}}
    measured = measure(found)
    reasons = {
        name: over(budget, spec.kept, measured[AS_IT_IS], measured[name])
        for name in found
        if any_form or name != AS_IT_IS
    }
    chosen = best(budget, spec.kept, measured) if any_form else recipes[0]
    return Found(
        parent=first.parent.card,
        chosen=chosen or AS_IT_IS,
        made=found,
        measured=measured,
        reasons=reasons[recipes[0]] if not any_form else [] if chosen else told(reasons),
        left_out=left_out,
    )


def told(reasons: Mapping[str, list[str]]) -> list[str]:
    """Why each of several is over the budget."""
    return [f"{name}: {'; '.join(each)}" for name, each in reasons.items()]


def write(found: Found, folder: Path) -> Path:
    """Put the chosen one's file, and what was found out, into a folder."""
    chosen = found.made[found.chosen]
    content, file = chosen.content(), folder / chosen.file
    write_whole(file, [content])
    write_whole(folder / "compressed.json", [canonical({**found.facts(), "sha256": sha256(content)})])
    return file


def registrable(found: Found, budget: Budget) -> tuple[Card, bytes]:
    """The chosen one as a version."""
    chosen, kept = found.made[found.chosen], found.made[found.chosen].candidate.parent.spec.kept
    content = chosen.content()
    before, after = found.measured[AS_IT_IS], found.measured[found.chosen]
    compression = Compression(
        parent=found.parent.version,
        steps=found.chosen,
        budget=budget.model_dump(),
        measured={"parent": before.told(kept), "child": after.told(kept)},
    )
    return card_of(chosen, content, after.metrics, compression), content
