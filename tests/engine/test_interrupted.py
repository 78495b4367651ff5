"""What an earlier run left pending stays on record until it is known what came of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pulumi
import pytest

from datahall.engine import ProgramFailed, ProviderFailed

from .conftest import World
from .programs import Thing
from .validity import latest


def both() -> None:
    Thing("one", size=1)
    Thing("two", size=2)


def leave_pending(world: World, *operations: tuple[str, dict[str, Any]]) -> None:
    """The state as of a run that was killed while it did these."""
    data = json.loads(world.state_file.read_bytes())
    data.pop("sha256")
    data["checkpoint"]["latest"]["pending_operations"] = [
        {"type": kind, "resource": resource} for kind, resource in operations
    ]
    body = json.dumps(data).encode()[:-1]
    world.state_file.write_bytes(body + f',"sha256":"{hashlib.sha256(body).hexdigest()}"}}'.encode())


def recorded(world: World, name: str) -> dict[str, Any]:
    [found] = [each for each in world.checkpoint()["resources"] if each["urn"].endswith(f"::{name}")]
    return dict(found)


def new(world: World, **inputs: str | int) -> dict[str, Any]:
    """A resource `new` that was being created."""
    like = recorded(world, "one")
    made = {key: like[key] for key in ("custom", "type", "parent", "provider")}
    inputs = {"label": "new-label", "size": 3, **inputs}
    return {**made, "urn": like["urn"].replace("::one", "::new"), "inputs": inputs}


def pending(world: World) -> list[tuple[str, str]]:
    found = latest(world.state_file.read_bytes()).get("pending_operations", [])
    return [(each["type"], each["resource"]["urn"].rpartition("::")[2]) for each in found]


@pytest.mark.parametrize("kind", ["updating", "deleting"])
def test_what_cannot_be_read_stops_the_update_and_stays_pending(world: World, kind: str) -> None:
    world.up(both)
    leave_pending(world, ("creating", new(world)), (kind, recorded(world, "one")))
    world.tamper("one", size=7, refuse="read")
    with pytest.raises(ProviderFailed, match=f"::one: .*refuses to read; it was interrupted while {kind}"):
        world.up(both)
    assert pending(world) == [(kind, "one")]  # the creation was adopted, and written
    assert sorted(world.inventory()) == ["new", "one", "two"]
    world.tamper("one", size=7, refuse="")
    world.up(both)
    assert pending(world) == []
    assert sorted(world.inventory()) == ["one", "two"]
    if kind == "updating":
        assert world.inventory()["one"]["size"] == 1  # what was read was brought to the goal


def test_a_refresh_loses_nothing_that_is_pending(world: World) -> None:
    world.up(both)
    replacement = {**recorded(world, "two"), "inputs": {"label": "again", "size": 4}}
    replacement.pop("id")
    leave_pending(world, ("creating", replacement), ("deleting", recorded(world, "one")))
    world.tamper("one", size=9)
    world.refresh()
    assert pending(world) == [("creating", "two"), ("deleting", "one")]
    world.up(both)
    assert pending(world) == []
    assert not world.preview(both).changed


def test_a_creation_that_cannot_be_adopted_is_found_and_deleted_later(world: World) -> None:
    world.up(both)
    (world.cloud / "new-abcdef.thing").write_text(
        json.dumps({"urn": new(world)["urn"], "label": "new-label"})
    )
    leave_pending(world, ("creating", new(world, refuse="create")))
    world.up(lambda: [both(), Thing("new", size=3)])  # type: ignore[func-returns-value]
    assert any("could not be adopted (the next run tries again)" in text for text in world.said("warning"))
    assert pending(world) == [("creating", "new")]
    assert world.count() == 4
    leave_pending(world, ("creating", {**new(world), "delete": True}))  # now the cloud would have it
    world.up(lambda: [both(), Thing("new", size=3)])  # type: ignore[func-returns-value]
    assert pending(world) == []
    assert world.count() == 3
    assert world.resources()["new"].inputs["label"] != "new-label"


def test_what_was_adopted_under_a_name_that_is_taken_by_now_is_not_deleted(world: World) -> None:
    world.up(both)
    one = recorded(world, "one")
    leave_pending(world, ("creating", {**one, "delete": True}))  # it answers with what is recorded already
    world.up(both)
    assert pending(world) == []
    assert sorted(world.inventory()) == ["one", "two"]


def test_what_is_adopted_does_not_refer_to_what_is_gone(world: World) -> None:
    world.up(both)
    urn = recorded(world, "one")["urn"]
    child = {**new(world), "parent": urn, "dependencies": [urn], "propertyDependencies": {"size": [urn]}}
    leave_pending(world, ("creating", child))
    world.thing("one").unlink()
    world.refresh()

    def program() -> None:
        raise pulumi.RunError("not yet")

    with pytest.raises(ProgramFailed):
        world.up(program)
    latest(world.state_file.read_bytes())
    world.up(lambda: [Thing("two", size=2), Thing("new", size=3)])
    assert sorted(world.inventory()) == ["new", "two"]
    latest(world.state_file.read_bytes())
