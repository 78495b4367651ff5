"""Replacements that the program asks for: `replacement_trigger`."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions

from datahall.engine import Op, ProtectedResource

from .conftest import World
from .programs import Thing


def triggered(trigger: object, *, protect: bool = False) -> None:
    Thing("it", size=1, opts=ResourceOptions(replacement_trigger=trigger, protect=protect))


def test_a_trigger_that_changes_replaces(world: World) -> None:
    world.up(lambda: triggered({"key": [1, "a"]}))
    assert not world.up(lambda: triggered({"key": [1, "a"]})).changed
    result = world.up(lambda: triggered({"key": [2, "a"]}))
    assert result.summary == {Op.REPLACE: 1, Op.SAME: 1}
    assert [call["method"] for call in world.calls("Create", "Delete")] == ["Create", "Create", "Delete"]
    assert world.checkpoint()["resources"][-1]["replacementTrigger"] == {"key": [2, "a"]}


def test_a_trigger_that_comes_or_goes_is_recorded_and_replaces_nothing(world: World) -> None:
    world.up(lambda: triggered(None))
    assert "replacementTrigger" not in world.checkpoint()["resources"][-1]
    assert not world.up(lambda: triggered("one")).changed
    assert world.checkpoint()["resources"][-1]["replacementTrigger"] == "one"
    assert not world.up(lambda: triggered(None)).changed
    assert world.names("Create") == ["it"]


def test_a_secret_trigger_is_compared_in_the_clear_and_kept_encrypted(world: World) -> None:
    world.up(lambda: triggered(pulumi.Output.secret("hush-hush")))
    assert "hush-hush" not in world.state_file.read_text()
    assert not world.up(lambda: triggered("hush-hush")).changed
    assert world.up(lambda: triggered(pulumi.Output.secret("other"))).changed


def test_a_trigger_that_is_not_known_yet_is_planned_as_a_replacement(world: World) -> None:
    def program(kind: str) -> None:
        base = Thing("base", kind=kind)
        Thing("it", opts=ResourceOptions(replacement_trigger=base.serial))

    world.up(lambda: program("oak"))
    assert world.preview(lambda: program("pine")).summary[Op.REPLACE] == 2
    assert world.up(lambda: program("pine")).summary[Op.REPLACE] == 2
    assert world.count() == 2


def test_a_trigger_does_not_replace_what_is_protected(world: World) -> None:
    world.up(lambda: triggered(1, protect=True))
    with pytest.raises(ProtectedResource, match="it"):
        world.up(lambda: triggered(2, protect=True))
    assert world.names("Delete") == []
