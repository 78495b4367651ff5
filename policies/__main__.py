"""Serves the policy pack to the engine that started it: the only place that builds the pack."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# An engine runs this file by its path, from any folder: the rules are imported as the package `policies`.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.rules import RULES

PolicyPack(
    name="datahall",
    display_name="datahall",
    description="What an AI data centre must hold before anything in it is created.",
    provider="aws",
    tags=["ai", "encryption", "gpu"],
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=list(RULES),
)
