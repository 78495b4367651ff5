"""Plans of the official engine and of ours, on the same stack: the same, and each holds to the other's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .lives import CONFIGS, LIVES
from .sides import Side, needs_official
from .step import RANDOM, Json, differences

pytestmark = needs_official


def saved(side: Side, name: str) -> dict[str, Json] | None:
    """What a plan binds to, with what is random masked; None for a preview that fails."""
    code, _ = side.command("preview", "-s", "dev", "--save-plan", name)
    if code:
        return None
    plan = json.loads((side.folder / "project" / name).read_text())
    bound: dict[str, Json] = {}
    for urn, resource in plan["resourcePlans"].items():
        goal = {**resource.get("goal", {})}
        for key in ("dependencies", "additionalSecretOutputs"):
            goal[key] = sorted(goal.get(key, ()))
        for changes in (goal.get("inputDiff", {}), goal.get("outputDiff", {})):
            changes["deletes"] = sorted(changes.get("deletes", ()))
        bound[urn] = {"goal": goal, "steps": resource.get("steps")}
    masked: dict[str, Json] = _without_ciphers(json.loads(RANDOM.sub("-*", json.dumps(bound))))
    return masked


def _without_ciphers(value: Json) -> Json:
    if isinstance(value, dict):
        return {k: "*" if k == "ciphertext" else _without_ciphers(v) for k, v in value.items()}
    return [_without_ciphers(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("life", LIVES)
def test_plans_are_the_same_and_hold_the_other_engine(life: str, tmp_path: Path) -> None:
    theirs = Side(tmp_path / "side", CONFIGS.get(life, ""), official=True)
    theirs.environment["PULUMI_EXPERIMENTAL"] = "true"
    ours = Side(tmp_path / "side", official=False, there=True)
    for n, text in enumerate(LIVES[life], 1):
        theirs.program(text)
        plans = [saved(theirs, "theirs.json"), saved(ours, "ours.json")]
        if found := list(differences(f"program {n}", *plans)):
            pytest.fail("\n".join(found))
        if plans[0] is None:
            return
        side, plan = (theirs, "ours.json") if n % 2 else (ours, "theirs.json")
        code, said = side.command("up", "-s", "dev", "--yes", "--plan", plan)
        assert not any(word in said for word in ("violates plan", "allowed by the plan", ": plan: ")), said
        assert code == 0 or "refuse=" in text or "unready=" in text, said  # those fail, as they should
