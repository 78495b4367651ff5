"""Replacements that the program asks for: `replacement_trigger`, `replace_with`."""

from __future__ import annotations

import json

import pulumi
import pytest
from pulumi import ResourceOptions

from datahall.engine import Op, ProtectedResource

from .conftest import World
from .programs import House, Thing


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


def followed(kind: str, *, protect: bool = False) -> None:
    lead = Thing("lead", kind=kind)
    Thing("it", size=1, opts=ResourceOptions(replace_with=[lead], protect=protect))


def test_a_resource_is_replaced_with_those_that_it_names(world: World) -> None:
    world.up(lambda: followed("oak"))
    assert world.preview(lambda: followed("pine")).summary[Op.REPLACE] == 2
    assert world.up(lambda: followed("pine")).summary[Op.REPLACE] == 2
    assert world.names("Delete") == ["it", "lead"]  # the one that names the other goes before it
    assert not world.up(lambda: followed("pine")).changed
    assert world.count() == 2


def test_replace_with_is_recorded_as_a_feature_of_the_state(world: World) -> None:
    world.up(lambda: followed("oak"))
    lead = world.resources()["lead"]
    assert world.resources()["it"].replace_with == (lead.urn,)
    whole = json.loads(world.state_file.read_text())
    assert (whole["version"], whole["features"]) == (4, ["replaceWith"])
    world.up(lambda: Thing("lead", kind="oak"))
    assert json.loads(world.state_file.read_text())["version"] == 3


def test_what_is_deleted_first_takes_along_what_is_replaced_with_it(world: World) -> None:
    def program(plot: str) -> None:
        lead = Thing("lead", plot=plot)
        Thing("it", opts=ResourceOptions(replace_with=[lead]))
        House("home", opts=ResourceOptions(replace_with=[lead]))

    world.up(lambda: program("x"))
    result = world.up(lambda: program("y"))
    calls = [(c["method"], c["urn"].rpartition("::")[2]) for c in world.calls("Create", "Delete")]
    assert calls[-4:] == [("Delete", "it"), ("Delete", "lead"), ("Create", "lead"), ("Create", "it")]
    assert result.summary[Op.REPLACE] == 3  # the component, too
    assert not world.up(lambda: program("y")).changed


def test_a_replacement_with_another_does_not_touch_what_is_protected(world: World) -> None:
    world.up(lambda: followed("oak", protect=True))
    with pytest.raises(ProtectedResource, match="it"):
        world.up(lambda: followed("pine", protect=True))
    assert "it" not in world.names("Delete")


def test_what_a_resource_is_replaced_with_may_be_renamed(world: World) -> None:
    def program(kind: str, name: str, earlier: str = "") -> None:
        aliases = [pulumi.Alias(name=earlier)] if earlier else []
        lead = Thing(name, kind=kind, opts=ResourceOptions(aliases=aliases))
        Thing("it", opts=ResourceOptions(replace_with=[lead]))

    world.up(lambda: program("oak", "lead"))
    assert not world.up(lambda: program("oak", "head", "lead")).changed
    assert world.resources()["it"].replace_with == (world.resources()["head"].urn,)
    assert world.up(lambda: program("pine", "head")).summary[Op.REPLACE] == 2


def test_a_refresh_forgets_what_is_gone_in_all_references(world: World) -> None:
    def program() -> None:
        lead, other = Thing("lead"), Thing("other")
        Thing("it", note=lead.serial, opts=ResourceOptions(replace_with=[lead, other], deleted_with=lead))

    world.up(program)
    world.thing("lead").unlink()
    world.refresh()
    found = world.resources()
    provider = found["it"].provider.rpartition("::")[0]
    assert found["it"].needs() == {found["proj-dev"].urn, found["other"].urn, provider}
    world.up(program)
    assert world.resources()["it"].needs() > {world.resources()["lead"].urn}
