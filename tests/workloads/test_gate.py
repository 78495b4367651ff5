"""The promotion gate's rules."""

from collections.abc import Callable

import pytest

from tests.workloads.made import card
from workloads.errors import CorruptDataError
from workloads.registry.card import Card
from workloads.registry.gate import AtLeast, CardComplete, DataKnown, Evidence, NotWorse, Rule, WeightsIntact


def broken() -> object:
    raise CorruptDataError("model.safetensors", "x", "must have the SHA-256 that was recorded", "restore it")


def whole() -> object:
    return b""


def evidence(
    candidate: Card,
    production: Card | None = None,
    *,
    weights: Callable[[], object] = whole,
    data: Callable[[], object] = whole,
) -> Evidence:
    return Evidence(card=candidate, production=production, read_weights=weights, read_dataset=data)


LEAST, NOT_WORSE = AtLeast("accuracy", 0.96), NotWorse("accuracy", 0.005)


@pytest.mark.parametrize(
    ("rule", "given", "passed", "reason"),
    [
        (LEAST, evidence(card(accuracy=0.96)), True, "0.9600"),
        (LEAST, evidence(card(accuracy=0.9599)), False, "at least 0.9600 is asked for"),
        (AtLeast("f2", 0.5), evidence(card()), False, "not measured"),
        (NOT_WORSE, evidence(card(accuracy=0.1)), True, "nothing is in production"),
        (NOT_WORSE, evidence(card(accuracy=0.976), card(accuracy=0.98)), True, "production has 0.9800"),
        (NOT_WORSE, evidence(card(accuracy=0.974), card(accuracy=0.98)), False, "production has 0.9800"),
        (NOT_WORSE, evidence(card(data="b"), card(data="a")), True, "on other data"),
        (NotWorse("f2", 0.1), evidence(card(), card()), False, "not measured for both"),
        (CardComplete(), evidence(card()), True, "every fact"),
        (CardComplete(), evidence(card(licence="")), False, "empty: dataset.licence"),
        (WeightsIntact(), evidence(card()), True, "SHA-256"),
        (WeightsIntact(), evidence(card(), weights=broken), False, "must have the SHA-256"),
        (DataKnown(), evidence(card()), True, "is there"),
        (DataKnown(), evidence(card(), data=broken), False, "must have the SHA-256"),
    ],
)
def test_a_rule_judges_and_says_why(rule: Rule, given: Evidence, passed: bool, reason: str) -> None:
    finding = rule.judge(given)
    assert finding.passed is passed
    assert reason in finding.reason
