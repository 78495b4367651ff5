"""A pack of 45 rules: those of `policies/`, and some of them once more, under other names."""

import copy
import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, Policy, PolicyPack

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from policies.rules import RULES

COUNT = 45


def again(number: int) -> Policy:
    """Return one of the rules under another name."""
    rule = copy.copy(RULES[number % len(RULES)])
    rule.name = f"{rule.name}-again"
    return rule


PolicyPack(
    name="bench",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[*RULES, *(again(number) for number in range(COUNT - len(RULES)))][:COUNT],
)
