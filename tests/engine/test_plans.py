"""Plans: what a preview saved is what an update does, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import InvalidProject, MissingPassphrase, Op, PlanViolation, Unsupported, preview
from datahall.engine.plan import changes, property_violations
from datahall.engine.secrets import Crypter
from datahall.engine.values import UNKNOWN, Secret

from .conftest import World
from .programs import House, Thing

Program = Callable[[], Any]


def pair(size: int = 2, *, word: str = "hunter2", **more: Any) -> Thing:  # noqa: ANN401 - inputs
    first = Thing("first", size=size, password=pulumi.Output.secret(word))
    Thing("second", size=first.area, note=first.serial, **more)
    pulumi.export("area", first.area)
    return first


def exporting_more() -> None:
    pair()
    pulumi.export("more", 1)


def without_a_password() -> None:
    Thing("first", size=2)
    pulumi.export("area", 4)


def urn(name: str) -> str:
    return f"urn:pulumi:dev::proj::cloud:index:Thing::{name}"


def saved(world: World, program: Program, **changes: Any) -> Path:  # noqa: ANN401 - options
    world.up(lambda: None) if not world.state_file.exists() else None
    file = world.folder / "plan.json"
    world.preview(program, save_plan=file, **changes)
    return file


def test_what_was_planned_is_done_with_the_names_of_the_plan(world: World) -> None:
    plan = saved(world, pair)
    text = plan.read_text()
    assert "hunter2" not in text
    assert plan.stat().st_mode & 0o077 == 0
    label = json.loads(text)["resourcePlans"][urn("first")]["goal"]["inputDiff"]["adds"]["label"]

    assert world.up(pair, plan=plan).summary[Op.CREATE] == 2
    assert world.inventory()["first"]["label"] == label
    assert not world.up(pair, plan=plan).changed  # where a step was planned, nothing may be done


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (lambda: pair(3), [urn("first"), "size: is added as 3, planned: add 2"]),
        (lambda: pair(word="other"), [urn("first"), "password: is added as [secret]", "add [secret]"]),
        (lambda: pair(extra=1), [urn("second"), "extra: is added as 1, planned: no change"]),
        (lambda: (pair(), Thing("third")), [urn("third"), "create, planned: nothing of this resource"]),
        (lambda: pair(opts=pulumi.ResourceOptions(protect=True)), [urn("second"), "protect: True"]),
        (exporting_more, ["more: is added as 1, planned: no change"]),
        (
            without_a_password,
            [urn("first"), "password: is not there, planned: add [secret]"],
        ),
        (lambda: (pair(), House("home")), ["House::home", "nothing of this resource"]),
    ],
)
def test_anything_else_is_refused_before_it_is_done(world: World, program: Program, parts: list[str]) -> None:
    plan = saved(world, pair)
    with pytest.raises(PlanViolation) as told:
        world.up(program, plan=plan)
    assert all(part in str(told.value) for part in parts), told.value
    assert not any(word in str(told.value) for word in ("hunter2", "other"))
    refused = parts[0].rpartition("::")[2]
    assert refused not in world.inventory()


def test_a_preview_tells_violations_and_changes_nothing(world: World) -> None:
    plan = saved(world, pair)
    with pytest.raises(PlanViolation, match=r"first.*planned: add 2"):
        world.preview(lambda: pair(4), plan=plan)
    assert world.count() == 0


def test_nothing_is_deleted_that_was_not_planned_to_be(world: World) -> None:
    world.up(lambda: (pair(), Thing("third")))
    plan = saved(world, pair)  # third is to go

    def first_only() -> None:
        first = Thing("first", size=2, password=pulumi.Output.secret("hunter2"))
        pulumi.export("area", first.area)

    with pytest.raises(PlanViolation, match=f"{urn('second')}.*delete, planned: "):
        world.up(first_only, plan=plan)
    assert set(world.inventory()) == {"first", "second", "third"}
    with pytest.raises(PlanViolation, match=f"{urn('third')}.*it was planned to be deleted"):
        world.up(lambda: (pair(), Thing("third")), plan=plan)
    world.up(pair, plan=plan)
    assert set(world.inventory()) == {"first", "second"}
    assert not world.up(pair, plan=plan).changed  # gone already: nothing is amiss


def test_what_was_planned_and_does_not_come_is_told(world: World) -> None:
    plan = saved(world, lambda: (pair(), Thing("third")))
    with pytest.raises(PlanViolation, match=f"{urn('third')}: plan: no create, which was planned"):
        world.up(pair, plan=plan)


def test_an_update_may_stand_for_a_replacement_but_not_the_other_way(world: World) -> None:
    world.up(lambda: Thing("one", kind="oak", size=1))
    plan = saved(world, lambda: Thing("one", kind="oak", size=2))
    world.tamper("one")  # only its record counts
    world.refresh()
    with pytest.raises(PlanViolation, match=r"kind: becomes pine, planned: no change"):
        world.up(lambda: Thing("one", kind="pine", size=2), plan=plan)
    with pytest.raises(PlanViolation, match=r"label: becomes one-\w+, planned: no change"):
        world.up(lambda: Thing("one", kind="oak", size=2), plan=plan, replace=[urn("one")])
    assert world.inventory()["one"]["kind"] == "oak"

    plan = saved(world, lambda: Thing("one", kind="pine", size=2))
    world.tamper("one", kind="pine")
    world.refresh()
    assert world.up(lambda: Thing("one", kind="pine", size=2), plan=plan).summary[Op.UPDATE] == 1


def test_a_plan_of_a_target_holds(world: World) -> None:
    world.up(pair)
    plan = saved(world, lambda: pair(5), target=[urn("first")])
    with pytest.raises(PlanViolation, match=f"{urn('second')}"):
        world.up(lambda: pair(5), plan=plan)
    world.up(lambda: pair(5), plan=plan, target=[urn("first")])
    assert (world.inventory()["first"]["size"], world.inventory()["second"]["size"]) == (5, 4)


def test_what_a_failed_preview_found_is_no_plan(world: World) -> None:
    def wrong() -> None:
        pair()
        raise ValueError("wrong")

    with pytest.raises(Exception, match="wrong"):
        saved(world, wrong)
    assert not (world.folder / "plan.json").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not JSON"),
        ("[]", "not a plan"),
        ("{}", "not a plan"),
        ('{"manifest": {}, "resourcePlans": {"urn:x": {}}}', "not a plan"),
        ('{"manifest": {}, "resourcePlans": []}', "not a plan"),
        ('{"manifest": {}, "resourcePlans": {"urn:pulumi:dev::p::a:b:C::n": {"seed": "?"}}}', "not a plan"),
        ('{"manifest": {}, "resourcePlans": {"urn:pulumi:prod::proj::a:b:C::n": {}}}', "of stack prod"),
    ],
)
def test_files_that_are_no_plan_are_refused(world: World, content: str, told: str) -> None:
    file = world.folder / "plan.json"
    file.write_text(content)
    with pytest.raises(InvalidProject, match=told):
        world.up(pair, plan=file)
    with pytest.raises(InvalidProject, match="cannot be read"):
        world.up(pair, plan=world.folder / "nowhere.json")
    assert world.count() == 0


def test_secrets_of_another_key_are_refused(world: World) -> None:
    plan = saved(world, pair)
    data = json.loads(plan.read_text())
    secret = data["resourcePlans"][urn("first")]["goal"]["inputDiff"]["adds"]["password"]
    secret["ciphertext"] = Crypter("another").encrypt('"hunter2"')
    plan.write_text(json.dumps(data))
    with pytest.raises(MissingPassphrase, match="not encrypted with the key of dev"):
        world.up(pair, plan=plan)


def test_where_plans_have_no_place_they_are_refused(world: World) -> None:
    file = world.folder / "plan.json"
    with pytest.raises(Unsupported, match="save_plan"):
        world.up(pair, save_plan=file)
    with pytest.raises(InvalidProject, match="no key yet"):
        preview(world.project, "new", replace(world.options, save_plan=file))
    world.up(pair)
    for operation in (world.destroy, world.refresh):
        with pytest.raises(Unsupported, match="plan: not an option"):
            operation(plan=file)


LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"]) | st.just(UNKNOWN)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
        | inner.map(Secret)
    ),
    max_leaves=4,
)
MAPS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(MAPS, MAPS)
def test_a_plan_allows_what_it_was_made_of(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert property_violations(changes(old, new), old, new) == []


@given(MAPS, MAPS, st.sampled_from("abc"), st.integers(10, 12))
def test_a_plan_allows_no_other_value(old: dict[str, Any], new: dict[str, Any], key: str, other: int) -> None:
    found = property_violations(changes(old, new), old, {**new, key: other})
    free = new.get(key) is UNKNOWN or (old.get(key) is UNKNOWN and new.get(key) is UNKNOWN)
    assert bool(found) != free
