"""A plugin that never answers is named after a while; what it does may last, but that is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datahall.engine import InvalidProject, PluginPool, PolicyPackFailed, ProviderFailed

from .conftest import World
from .programs import Thing
from .test_fault_calls import faulty
from .test_fault_packs import pack

__all__ = ["pack"]
ALL = ["GetPluginInfo", "CheckConfig", "DiffConfig", "Configure", "Check", "Diff"]


def one() -> None:
    Thing("one", size=1)


def two() -> None:
    Thing("one", size=2)


@pytest.mark.parametrize("call", ALL if "DATAHALL_FUZZ" in os.environ else ["Configure", "Diff"])
def test_a_question_without_an_answer_ends(own_world: World, call: str) -> None:
    with PluginPool() as pool:
        own_world.up(one, pool=pool)
        with faulty(own_world.cloud, call, "hang"), pytest.raises(ProviderFailed) as caught:
            own_world.up(two, pool=pool, answer_seconds=0.2)
        assert f"provider cloud did not answer {call} within 0.2 s" in str(caught.value)
        assert "DATAHALL_ANSWER_SECONDS" in str(caught.value)
        assert "pending_operations" not in own_world.checkpoint()
        own_world.up(two, pool=pool)  # by a plugin of its own, not by the one that hangs
        assert own_world.inventory()["one"]["size"] == 2


def test_work_that_lasts_is_told_and_not_ended(world: World) -> None:
    world.up(lambda: Thing("one", slow=0.5), answer_seconds=0.2)
    said = [
        line for line in world.said("warning") if line.startswith("still waiting for provider cloud: Create")
    ]
    assert said
    assert "cloud:index:Thing::one" in said[0]
    assert list(world.inventory()) == ["one"]


@pytest.mark.parametrize("call", ["GetAnalyzerInfo", "Analyze", "AnalyzeStack"])
def test_a_pack_without_an_answer_is_named(world: World, pack: Path, call: str) -> None:
    environment = {**world.options.environment, "PACK_FAULT": f"{call} hang"}
    with pytest.raises(PolicyPackFailed, match=f"policy pack failing: did not answer {call} within 1 s"):
        world.up(one, policy_packs=[pack], environment=environment, answer_seconds=1)


@pytest.mark.parametrize("given", ["soon", "-1", "nan", "inf"])
def test_the_variable_must_be_seconds(world: World, given: str) -> None:
    environment = {**world.options.environment, "DATAHALL_ANSWER_SECONDS": given}
    with pytest.raises(InvalidProject, match="must be seconds"):
        world.up(one, environment=environment)
    assert not world.inventory()
