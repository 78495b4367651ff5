"""Accuracy, size and latency of a candidate, and which variant is fastest on this machine."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import nn

from workloads.asking.version import Loaded
from workloads.compression.budget import Budget, Measured
from workloads.compression.steps import Candidate, take
from workloads.judging.classified import Classified
from workloads.judging.speed import milliseconds
from workloads.models.spec import load

VARIANTS = ("bf16", "onnx", "int8")
_AS_IT_IS = "as it is"


def classified(parent: Loaded, network: nn.Module, files: Mapping[str, bytes]) -> Classified:
    """What `network` says of the held-out records, in place of its parent's."""
    if parent.spec.classify is None:
        raise TypeError(parent.spec.name)  # the program has refused it
    found: Classified = load(parent.spec.classify)(replace(parent, network=network), files)
    return found


def measure(candidate: Candidate, files: Mapping[str, bytes]) -> Measured:
    """What a candidate is worth."""
    said = classified(candidate.parent, candidate.network, files)
    one = tuple(given[:1] for given in candidate.example())

    def once() -> None:
        with torch.inference_mode():
            candidate.network(*one)

    return Measured(
        accuracy=float((said.scores.argmax(1) == said.labels).mean()),
        bytes=len(candidate.content()),
        latency_ms=float(sorted(milliseconds(once))[10]),
    )


def best(
    parent: Candidate, files: Mapping[str, bytes], budget: Budget
) -> tuple[str, Candidate, dict[str, Measured]]:
    """The fastest variant within the budget, by measurement; and what was measured of each."""
    made = {_AS_IT_IS: parent, **{step: take(parent, step) for step in VARIANTS}}
    found = {name: measure(candidate, files) for name, candidate in made.items()}
    limit = found[_AS_IT_IS].accuracy - budget.accuracy_lost
    fit = [name for name, one in found.items() if one.accuracy >= limit]
    chosen = min(fit, key=lambda name: found[name].latency_ms)
    return chosen, made[chosen], found
