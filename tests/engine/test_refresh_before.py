"""The option `refresh`: preview, up and destroy go on from what the providers say is there."""

from __future__ import annotations

import pytest

from datahall.engine import Op, ProviderFailed, ResourceDone, UnexpectedChanges, Unsupported

from .conftest import World
from .programs import Thing


def program() -> None:
    first = Thing("first", size=2)
    Thing("second", size=first.area)


def refreshed(world: World) -> dict[str, Op]:
    """What was told of things that are not as recorded, before the operation itself."""
    told: dict[str, Op] = {}
    for event in world.events:
        if isinstance(event, ResourceDone) and "Thing::" in event.urn:
            told.setdefault(event.urn.rpartition("::")[2], event.op)
    return {name: op for name, op in told.items() if op is not Op.SAME}


def test_up_puts_right_what_differs_and_makes_again_what_is_gone(world: World) -> None:
    world.up(program)
    world.tamper("first", size=7)
    world.thing("second").unlink()
    assert not world.up(program).changed  # without it, nobody looks
    world.events.clear()
    assert world.up(program, refresh=True).summary == {Op.SAME: 1, Op.UPDATE: 1, Op.CREATE: 1}
    assert refreshed(world) == {"first": Op.REFRESH, "second": Op.DELETE}
    assert {name: thing["size"] for name, thing in world.inventory().items()} == {"first": 2, "second": 4}
    world.recorded()
    assert not world.up(program, refresh=True).changed


def test_a_preview_tells_the_same_and_writes_nothing(world: World) -> None:
    world.up(program)
    world.tamper("first", size=7)
    world.thing("second").unlink()
    before = world.state_file.read_bytes()
    summary = world.preview(program, refresh=True).summary
    assert summary == {Op.SAME: 1, Op.UPDATE: 1, Op.CREATE: 1}
    with pytest.raises(UnexpectedChanges, match="1 to update"):
        world.up(program, refresh=True, expect_no_changes=True)
    assert world.state_file.read_bytes() == before


def test_what_the_program_would_not_undo_is_recorded_and_not_counted(world: World) -> None:
    world.up(program)
    world.tamper("second", size=9)
    assert not world.up(lambda: program_with(second=9), refresh=True).changed
    assert world.resources()["second"].inputs["size"] == 9


def program_with(*, second: int) -> None:
    first = Thing("first", size=2)
    Thing("second", size=first.area.apply(lambda _: second))


def test_only_what_is_targeted_is_read(world: World) -> None:
    world.up(program)
    world.tamper("first", size=7)
    world.tamper("second", size=7)
    urn = world.resources()["second"].urn
    assert world.up(program, refresh=True, target=[urn]).summary[Op.UPDATE] == 1
    assert {name: thing["size"] for name, thing in world.inventory().items()} == {"first": 7, "second": 4}
    assert world.resources()["first"].inputs["size"] == 2


def test_destroy_does_not_delete_what_is_gone(world: World) -> None:
    world.up(program)
    world.thing("first").unlink()
    deleted = len(world.calls("Delete"))
    assert world.destroy(refresh=True).summary[Op.DELETE] == 2
    assert len(world.calls("Delete")) == deleted + 1
    assert world.inventory() == {}
    assert world.resources() == {}


def test_what_cannot_be_read_ends_it_before_anything_is_changed(world: World) -> None:
    world.up(program)
    made = world.calls("Create", "Update", "Delete")
    world.tamper("first", refuse="read")
    with pytest.raises(ProviderFailed, match="refuses to read"):
        world.up(lambda: program_with(second=3), refresh=True)
    assert world.calls("Create", "Update", "Delete") == made
    world.recorded()


def test_refresh_itself_has_no_such_option(world: World) -> None:
    with pytest.raises(Unsupported, match="refresh"):
        world.refresh(refresh=True)
