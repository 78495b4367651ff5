"""Policy packs review each resource before its step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from datahall.engine import PolicyPackFailed, PolicyViolation

from .conftest import World
from .programs import Thing

PACK = Path(__file__).parent / "pack"


@pytest.fixture
def reviewed(world: World) -> World:
    world.options = replace(world.options, policy_packs=[PACK])
    return world


def chain(note: str = "fine") -> Callable[[], None]:
    """The second thing's size is known only after the first is there."""

    def program() -> None:
        first = Thing("first", size=2, serialise=note)
        Thing("second", note=first.serial.apply(lambda serial: f"{note} {serial}"))

    return program


def test_a_mandatory_violation_blocks_the_create(reviewed: World) -> None:
    with pytest.raises(PolicyViolation, match=r"size 101.* is more than 100") as caught:
        reviewed.up(lambda: Thing("big", size=101))
    assert reviewed.count() == 0
    (result,) = caught.value.results
    assert (result.policy, result.pack, result.enforcement, result.severity) == (
        "small",
        "test-pack",
        "mandatory",
        "high",
    )
    assert result.urn.endswith("::big")
    assert "big" not in reviewed.resources()


def test_a_preview_tells_all_violations_at_once(reviewed: World) -> None:
    with pytest.raises(PolicyViolation) as caught:
        reviewed.preview(lambda: [Thing("one", size=101), Thing("two", size=2), Thing("three", size=103)])
    assert sorted(r.urn.rpartition("::")[2] for r in caught.value.results) == ["one", "three"]


def test_what_a_preview_cannot_judge_is_said_and_judged_before_the_create(reviewed: World) -> None:
    preview = reviewed.preview(chain("bad"))
    (result,) = [r for r in preview.policy if r.outcome == "not_judged"]
    assert (result.policy, result.enforcement, result.urn.rpartition("::")[2]) == (
        "noted",
        "mandatory",
        "second",
    )
    with pytest.raises(PolicyViolation, match="the note is bad"):
        reviewed.up(chain("bad"))
    assert sorted(reviewed.inventory()) == ["first"]
    assert [r for r in reviewed.up(chain("fine")).policy if r.outcome == "not_judged"] == []
    assert reviewed.count() == 2


def test_advice_blocks_nothing(reviewed: World) -> None:
    result = reviewed.up(lambda: Thing("x-ray"))
    assert [(r.policy, r.enforcement, r.outcome) for r in result.policy] == [
        ("named", "advisory", "violation")
    ]
    assert reviewed.count() == 1


def test_remediation_rewrites_the_inputs(reviewed: World) -> None:
    reviewed.up(lambda: Thing("fence", paint="any"))
    assert reviewed.inventory()["fence"]["paint"] == "green"
    assert any("painted" in text for text in reviewed.said("info"))


def test_a_stack_policy_sees_all(reviewed: World) -> None:
    with pytest.raises(PolicyViolation, match="6 things are too many") as caught:
        reviewed.preview(lambda: [Thing(f"t{n}") for n in range(6)])
    assert caught.value.results[0].policy == "few"


def test_a_violation_of_an_update_leaves_the_resource_as_it_is(reviewed: World) -> None:
    reviewed.up(lambda: Thing("it", size=1))
    with pytest.raises(PolicyViolation):
        reviewed.up(lambda: Thing("it", size=500))
    assert reviewed.inventory()["it"]["size"] == 1


def test_a_pack_that_crashes_is_told_with_what_it_said(world: World, tmp_path: Path) -> None:
    pack = tmp_path / "broken"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text("raise SystemExit('no policies today')\n")
    with pytest.raises(PolicyPackFailed, match=r"(?s)broken.*no policies today"):
        world.up(lambda: Thing("it"), policy_packs=[pack])
    assert world.count() == 0


def test_a_folder_without_a_pack_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(PolicyPackFailed, match=r"PulumiPolicy\.yaml: no such file"):
        world.preview(lambda: None, policy_packs=[tmp_path])
