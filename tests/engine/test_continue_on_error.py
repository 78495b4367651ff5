"""continue_on_error: what does not depend on a failed resource goes on; the state stays whole."""

from __future__ import annotations

import pulumi
import pytest

from datahall.engine import Op, ProviderFailed, Unsupported

from .conftest import World
from .programs import Thing


def program(*, refuse: str = "", size: int = 2) -> None:
    bad = Thing("bad", size=size, refuse=refuse)
    after = Thing("after", size=bad.area)
    Thing("later", note=after.serial)
    good = Thing("good", size=size)
    Thing("fine", size=good.area)
    pulumi.export("bad", bad.serial)
    pulumi.export("good", good.area)


def test_the_rest_is_created_and_the_next_update_mends_it(world: World) -> None:
    with pytest.raises(ProviderFailed, match="::bad"):
        world.up(lambda: program(refuse="create"), continue_on_error=True)
    assert set(world.inventory()) == {"good", "fine"}
    assert world.outputs() == {"good": 4}
    assert sum("passed over" in said for said in world.said("warning")) == 2
    world.recorded()
    assert world.up(program).summary[Op.CREATE] == 3


def test_without_it_nothing_after_the_failure_begins(world: World) -> None:
    with pytest.raises(ProviderFailed, match="::bad"):
        world.up(lambda: program(refuse="create"), parallel=1)
    assert world.said("warning") == []


def test_a_failed_update_keeps_what_is_recorded_of_its_dependents(world: World) -> None:
    world.up(program)
    with pytest.raises(ProviderFailed, match="::bad"):
        world.up(lambda: program(refuse="update", size=3), continue_on_error=True)
    assert {name: thing.get("size") for name, thing in world.inventory().items()} == {
        "bad": 2,
        "after": 4,
        "later": None,
        "good": 3,
        "fine": 9,
    }
    world.recorded()
    assert world.resources()["after"].inputs["size"] == 4


def test_a_failed_delete_keeps_what_it_needs(world: World) -> None:
    def stubborn() -> None:
        root = Thing("root", size=1)
        Thing("leaf", size=root.area, refuse="delete")
        Thing("other", size=1)

    world.up(stubborn)
    with pytest.raises(ProviderFailed, match="::leaf"):
        world.destroy(continue_on_error=True)
    assert set(world.inventory()) == {"leaf", "root"}
    assert any("passed over" in said for said in world.said("warning"))
    world.recorded()


def test_refresh_has_no_such_option(world: World) -> None:
    with pytest.raises(Unsupported, match="continue_on_error"):
        world.refresh(continue_on_error=True)
