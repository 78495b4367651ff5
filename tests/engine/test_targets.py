"""target, exclude and replace: what an operation may touch, seen from the cloud and from the state."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from datahall.engine import InvalidTarget, Op, ProviderFailed, Unsupported, deletions, stack_history

from .conftest import World
from .programs import House, Thing


def three(size: int = 2, *, more: bool = False) -> None:
    """A chain of two, one aside, and perhaps a pair that is new."""
    first = Thing("first", size=size)
    Thing("second", size=first.area, note=str(size))
    Thing("aside", size=size)
    if more:
        new = Thing("new", size=size)
        Thing("newer", note=new.serial)


def urn(name: str) -> str:
    return f"urn:pulumi:dev::proj::cloud:index:Thing::{name}"


def sizes(world: World) -> dict[str, Any]:
    world.recorded()  # raises if it is not whole
    return {name: thing["size"] for name, thing in world.inventory().items() if "size" in thing}


def test_only_the_target_changes(world: World) -> None:
    world.up(three)
    result = world.up(lambda: three(5), target=[urn("first")])
    assert sizes(world) == {"first": 5, "second": 4, "aside": 2}
    assert result.summary == {Op.UPDATE: 1, Op.SAME: 3}
    assert world.resources()["second"].inputs["size"] == 4
    assert world.up(lambda: three(5)).summary[Op.UPDATE] == 2


def test_dependents_of_a_target_go_along(world: World) -> None:
    world.up(three)
    world.up(lambda: three(5), target=[urn("first")], target_dependents=True)
    assert sizes(world) == {"first": 5, "second": 25, "aside": 2}


def test_wildcards(world: World) -> None:
    world.up(three)
    world.up(lambda: three(5), target=["urn:pulumi:dev::proj::*:*:*::*s*d*"])
    assert sizes(world) == {"first": 2, "second": 4, "aside": 5}
    world.up(lambda: three(6), target=["**first"])
    assert sizes(world)["first"] == 6
    world.up(lambda: three(7), target=["*first"])  # one star stops at a colon
    assert sizes(world)["first"] == 6


def test_excluded_ones_and_their_dependents_stay(world: World) -> None:
    world.up(three)
    world.up(lambda: three(5), exclude=[urn("first")], exclude_dependents=True)
    assert sizes(world) == {"first": 2, "second": 4, "aside": 5}
    world.up(lambda: three(5), exclude=[urn("first")])
    assert world.inventory()["second"]["note"] == "5"
    assert sizes(world)["first"] == 2


def test_a_creation_that_is_not_targeted_is_not_made(world: World) -> None:
    world.up(three)

    def program() -> None:
        three(5, more=True)
        pulumi.export("serial", Thing("late").serial)

    world.up(program, target=[urn("aside")])
    assert set(world.inventory()) == {"first", "second", "aside"}
    assert world.outputs() == {}
    assert {"new", "newer", "late"}.isdisjoint(world.resources())


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_what_a_target_needs_must_be_there_or_targeted(world: World, operation: str) -> None:
    world.up(three)
    before = world.state_file.read_bytes()
    with pytest.raises(InvalidTarget, match=r"::newer: depends on .*::new, which does not exist"):
        getattr(world, operation)(lambda: three(more=True), target=[urn("newer")])
    assert world.count() == 3
    assert world.state_file.read_bytes() == before
    world.up(lambda: three(more=True), target=[urn("new"), urn("newer")])
    assert world.count() == 5


def reading(world: World, *, failing: bool = False) -> None:
    """A thing that is read, below one that is to be made."""
    above = Thing("above", refuse="create") if failing else Thing("above")
    opts = pulumi.ResourceOptions(parent=above)
    Thing(
        "read", opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=world.thing("aside").stem))
    )


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_read_below_what_is_not_made_is_left_out(world: World, operation: str) -> None:
    world.up(three)

    def program() -> None:
        three()
        reading(world)

    getattr(world, operation)(program, exclude=[urn("above"), "**::read"])
    assert "read" not in world.resources()
    sizes(world)
    with pytest.raises(InvalidTarget, match=r"::read: depends on .*::above, which does not exist"):
        getattr(world, operation)(program, exclude=[urn("above")])
    assert "read" not in world.resources()
    world.up(program)
    assert world.resources()["read"].external


def test_a_read_below_what_failed_is_passed_over(world: World) -> None:
    world.up(three)

    def program() -> None:
        three()
        reading(world, failing=True)

    with pytest.raises(ProviderFailed, match="refuses to create"):
        world.up(program, continue_on_error=True)
    assert any("passed over" in text and "::read" in text for text in world.said("warning"))
    assert "read" not in world.resources()
    sizes(world)


def test_a_target_that_is_nowhere_is_named(world: World) -> None:
    world.up(three)
    with pytest.raises(InvalidTarget, match="::nowhere: not found in the stack"):
        world.preview(three, target=[urn("nowhere")])
    with pytest.raises(InvalidTarget, match="::nowhere"):
        world.up(three, replace=[urn("nowhere")])
    for operation in (world.destroy, world.refresh):
        with pytest.raises(InvalidTarget, match="::nowhere"):
            operation(target=[urn("nowhere")])
    assert world.count() == 3


def test_an_option_of_another_operation_is_refused(world: World) -> None:
    world.up(three)
    for operation in (world.destroy, world.refresh):
        with pytest.raises(Unsupported, match="replace: not an option"):
            operation(replace=[urn("first")])
    with pytest.raises(Unsupported, match="exclude_protected"):
        world.up(three, exclude_protected=True)


def test_target_and_exclude_do_not_mix(world: World) -> None:
    with pytest.raises(InvalidTarget, match="together with exclude"):
        world.preview(three, target=[urn("first")], exclude=[urn("aside")])


def test_what_left_the_program_is_deleted_only_if_targeted(world: World) -> None:
    world.up(three)
    world.up(lambda: None, target=[urn("aside")])
    assert set(world.inventory()) == {"first", "second"}
    with pytest.raises(InvalidTarget, match="::second: would be deleted too"):
        world.up(lambda: None, target=[urn("first")])
    assert set(world.inventory()) == {"first", "second"}
    world.up(lambda: None, target=[urn("first")], target_dependents=True)
    assert world.count() == 0


def test_what_an_untargeted_one_still_needs_stays(world: World) -> None:
    world.up(three)

    def cut() -> None:
        Thing("second", size=9)

    world.up(cut, target=[urn("aside")])
    assert set(world.inventory()) == {"first", "second"}
    assert sizes(world) == {"first": 2, "second": 4}
    world.up(cut)
    assert sizes(world) == {"second": 9}


def test_destroy_takes_targets_and_their_dependents_or_refuses(world: World) -> None:
    world.up(three)
    with pytest.raises(InvalidTarget, match="::second: would be deleted too"):
        world.destroy(target=[urn("first")])
    assert world.count() == 3
    world.destroy(target=[urn("second")])
    assert set(world.inventory()) == {"first", "aside"}
    assert world.up(three).summary[Op.CREATE] == 1
    world.destroy(target=[urn("first")], target_dependents=True)
    assert set(world.inventory()) == {"aside"}


def test_destroy_keeps_what_the_excluded_need(world: World) -> None:
    def program() -> None:
        three()
        House("home")

    world.up(program)
    world.destroy(exclude=[urn("second")])
    assert set(world.inventory()) == {"first", "second"}
    world.recorded()


def test_destroy_without_the_protected(world: World) -> None:
    def program() -> None:
        first = Thing("first", size=1)
        Thing("kept", size=first.area, opts=pulumi.ResourceOptions(protect=True))
        Thing("gone", size=1)

    world.up(program)
    names = [s.name for s in deletions(world.project, "dev", world.options)]
    assert {"kept", "gone"} <= set(names)
    world.destroy(exclude_protected=True)
    assert set(world.inventory()) == {"first", "kept"}


def test_refresh_of_a_target(world: World) -> None:
    world.up(three)
    for name in ("first", "second"):
        world.tamper(name, size=7)
    assert world.refresh(target=[urn("second")]).summary == {Op.REFRESH: 1}
    assert world.resources()["first"].inputs["size"] == 2
    assert world.resources()["second"].inputs["size"] == 7
    assert world.refresh(exclude=[urn("first")]).summary.get(Op.REFRESH) is None
    assert world.refresh(target=[urn("first")], target_dependents=True).summary[Op.REFRESH] == 1


def test_a_replacement_that_was_asked_for(world: World) -> None:
    world.up(three)
    first, second = world.ids(["first", "second"])
    result = world.up(three, replace=[urn("first")])
    assert result.summary[Op.REPLACE] == 1
    after = world.ids(["first", "second"])
    assert after[0] != first
    assert after[1] == second
    assert world.count() == 3


def test_a_message_is_kept_in_the_history(world: World) -> None:
    world.up(three, message="why not")
    assert stack_history(world.project, "dev", world.options)[0]["message"] == "why not"
