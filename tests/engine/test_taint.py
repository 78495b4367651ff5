"""Resources that `pulumi state taint` has marked: the next update replaces them."""

from __future__ import annotations

import json

import pytest
from pulumi import ResourceOptions

from datahall.engine import Op, ProtectedResource

from .conftest import World
from .programs import House, Thing


def taint(world: World, *names: str) -> None:
    """Mark recorded resources, in the form that the official CLI gives a state then."""
    whole = json.loads(world.state_file.read_text())
    for resource in whole["checkpoint"]["latest"]["resources"]:
        if resource["urn"].rpartition("::")[2] in names:
            resource["taint"] = True
    whole.update(version=4, features=["taint"])
    whole.pop("sha256")
    world.state_file.write_text(json.dumps(whole))


def test_what_is_marked_is_replaced_once(world: World) -> None:
    def program() -> None:
        it = Thing("it", size=2)
        Thing("leaf", note=it.serial)

    world.up(program)
    taint(world, "it")
    preview = world.preview(program)
    assert (preview.summary[Op.REPLACE], preview.summary[Op.UPDATE]) == (1, 1)
    result = world.up(program)
    assert (result.summary[Op.REPLACE], result.summary[Op.UPDATE]) == (1, 1)
    assert [call["method"] for call in world.calls("Create", "Delete")] == ["Create"] * 3 + ["Delete"]
    whole = json.loads(world.state_file.read_text())
    assert whole["version"] == 3
    latest = whole["checkpoint"]["latest"]
    assert not [resource for resource in latest["resources"] if "taint" in resource]
    assert "taint" not in whole.get("features", [])
    assert not world.up(program).changed


def test_a_mark_stays_until_its_resource_is_replaced(world: World) -> None:
    def program() -> None:
        Thing("it")
        Thing("other")

    world.up(program)
    taint(world, "it")
    world.refresh()
    world.up(program, target=[world.resources()["other"].urn])
    assert world.resources()["it"].taint
    assert json.loads(world.state_file.read_text())["features"] == ["taint"]
    assert world.up(program).summary[Op.REPLACE] == 1


def test_a_marked_component_is_replaced_without_what_is_below(world: World) -> None:
    world.up(lambda: House("home"))
    taint(world, "home")
    result = world.up(lambda: House("home"))
    assert result.summary[Op.REPLACE] == 1
    assert len(world.calls("Create")) == 2
    assert not world.up(lambda: House("home")).changed


def test_what_is_marked_and_protected_stays(world: World) -> None:
    def program() -> None:
        Thing("it", opts=ResourceOptions(protect=True))

    world.up(program)
    taint(world, "it")
    with pytest.raises(ProtectedResource, match="it"):
        world.up(program)
    assert world.count() == 1


def test_what_is_marked_and_no_longer_wanted_is_deleted(world: World) -> None:
    world.up(lambda: Thing("it"))
    taint(world, "it")
    world.up(lambda: None)
    assert world.count() == 0
    assert json.loads(world.state_file.read_text())["version"] == 3
