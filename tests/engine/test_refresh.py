"""Refresh: the state follows the world."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions

from datahall import engine
from datahall.engine import InvalidProject, Op, PropertyDiff, ProviderFailed, UnexpectedChanges

from .conftest import World
from .programs import House, Thing


def program() -> None:
    first = Thing("first", size=2, password=pulumi.Output.secret("hunter2"))
    Thing("second", size=first.area)
    House("home")
    pulumi.export("area", first.area)


def refreshed(world: World) -> dict[str, list[PropertyDiff]]:
    return {
        e.urn.rpartition("::")[2]: e.diff
        for e in world.events
        if isinstance(e, engine.ResourceDone) and e.op is Op.REFRESH
    }


def test_nothing_has_changed(world: World) -> None:
    world.up(program)
    before = world.state_file.read_bytes()
    result = world.refresh(expect_no_changes=True)
    assert result.summary == {Op.SAME: 6}
    assert not result.changed
    assert result.outputs == {"area": 4}
    assert world.state_file.read_bytes() == before
    world.refresh()
    assert "hunter2" not in world.state_file.read_text()
    assert not world.up(program).changed


def test_what_differs_is_told_and_recorded_and_put_right_by_the_next_update(world: World) -> None:
    world.up(program)
    world.tamper("first", size=7, extra="e")
    made = world.calls("Create", "Update", "Delete")
    result = world.refresh()
    assert result.summary == {Op.SAME: 5, Op.REFRESH: 1}
    assert result.changed
    assert refreshed(world) == {
        "first": [PropertyDiff("extra", "add", None, "e"), PropertyDiff("size", "update", 2, 7)]
    }
    first = world.resources()["first"]
    assert (first.inputs["size"], first.outputs["area"]) == (7, 49)
    assert "hunter2" not in world.state_file.read_text()
    assert world.calls("Create", "Update", "Delete") == made
    assert world.up(program).summary[Op.UPDATE] == 1
    assert world.inventory()["first"]["size"] == 2


def test_expect_no_changes_writes_nothing(world: World) -> None:
    world.up(program)
    before = world.state_file.read_bytes()
    world.tamper("first", size=7)
    with pytest.raises(UnexpectedChanges, match="1 to refresh"):
        world.refresh(expect_no_changes=True)
    assert world.state_file.read_bytes() == before


def test_what_is_gone_leaves_the_state_with_all_references_to_it(world: World) -> None:
    def family() -> None:
        top = Thing("top")
        middle = Thing("middle", opts=ResourceOptions(parent=top))
        Thing(
            "leaf",
            size=middle.area,
            opts=ResourceOptions(parent=middle, depends_on=[middle], deleted_with=middle),
        )

    world.up(family)
    world.thing("middle").unlink()
    assert world.refresh().summary == {Op.SAME: 3, Op.DELETE: 1}
    resources = world.resources()
    assert "middle" not in resources
    leaf = resources["leaf"]
    assert leaf.parent == ""
    assert not [urn for urn in leaf.needs() if "middle" in urn]
    assert world.up(family).summary[Op.CREATE] == 1
    assert sorted(world.inventory()) == ["leaf", "middle", "top"]
    world.destroy()
    assert sorted(world.inventory()) == ["leaf"]  # it goes with middle, by itself


def test_a_change_that_replaces_and_an_ignored_one(world: World) -> None:
    def trees() -> None:
        Thing("oak", kind="oak")
        Thing("free", color="red", opts=ResourceOptions(ignore_changes=["color"]))

    world.up(trees)
    world.tamper("oak", kind="pine")
    world.tamper("free", color="blue")
    assert world.refresh().summary == {Op.SAME: 2, Op.REFRESH: 1}
    assert refreshed(world) == {"oak": [PropertyDiff("kind", "update-replace", "oak", "pine")]}
    assert world.resources()["free"].inputs["color"] == "blue"


def test_an_external_resource_is_compared_by_its_outputs(world: World) -> None:
    world.up(lambda: Thing("mine"))
    id_ = world.resources()["mine"].id

    def reading() -> None:
        Thing("mine")
        Thing("theirs", opts=ResourceOptions(id=id_))

    world.up(reading)
    world.tamper("mine", size=3)
    world.refresh()
    assert PropertyDiff("area", "update", 1, 9) in refreshed(world)["theirs"]
    assert world.resources()["theirs"].external


def test_a_failed_read_keeps_what_was_recorded(world: World) -> None:
    world.up(program)
    world.tamper("second", refuse="read")
    with pytest.raises(ProviderFailed, match=r"second: the cloud refuses to read"):
        world.refresh()
    assert world.resources()["second"].outputs["area"] == 16


def test_a_stack_that_is_not_there(world: World) -> None:
    with pytest.raises(InvalidProject, match="no such stack"):
        world.refresh()
