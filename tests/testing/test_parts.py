"""What a stack may be given besides: plugins of its own, policy packs; and what it tells of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi
import pytest

from datahall.engine import EngineError, Op, PolicyViolation, ResourceDone
from datahall.testing import NewStack
from tests.engine.programs import Thing

ENGINE = Path(__file__).parents[1] / "engine"


def things() -> None:
    size = pulumi.Config().get_int("size") or 1
    Thing("xthing", size=size)
    pulumi.export("area", Thing("thing", size=size).area)


def environment(cloud: Path) -> dict[str, str]:
    """What the plugin of tests/engine wants to know: the folder where it keeps what it makes."""
    return {"CLOUD_FOLDER": str(cloud), "DATAHALL_PYTHON": sys.executable}


def made(cloud: Path) -> list[str]:
    return sorted(file.name.rpartition("-")[0] for file in cloud.glob("*.thing"))


def test_a_stack_has_the_plugins_that_it_is_pointed_at(stack_factory: NewStack, tmp_path: Path) -> None:
    with stack_factory(
        things,
        aws=False,
        plugin_path=[ENGINE / "plugins"],
        config={"cloud:region": "r"},
        environment=environment(tmp_path),
    ) as site:
        site.up(config={"size": 3})
        assert site.outputs == {"area": 9}
        assert made(tmp_path) == ["thing", "xthing"]
        assert [e.op for e in site.events if isinstance(e, ResourceDone) and "Thing" in e.type] == [
            Op.CREATE
        ] * 2
        assert {one.type for one in site.resources if one.custom} == {
            "pulumi:providers:cloud",
            "cloud:index:Thing",
        }
    assert made(tmp_path) == []


def test_without_its_folder_there_is_no_such_plugin(stack: NewStack) -> None:
    with pytest.raises(EngineError, match="no executable pulumi-resource-cloud in the plugin folders"):
        stack(things, aws=False).up()


def test_findings_are_kept_of_what_passed_and_of_what_did_not(stack: NewStack, tmp_path: Path) -> None:
    reviewed = stack(
        things,
        aws=False,
        plugin_path=[ENGINE / "plugins"],
        policy_packs=[ENGINE / "pack"],
        environment=environment(tmp_path),
    )
    reviewed.up()
    assert {(found.policy, found.enforcement) for found in reviewed.findings} == {("named", "advisory")}
    with pytest.raises(PolicyViolation, match="size 101"):
        reviewed.up(config={"size": 101})
    assert {found.policy for found in reviewed.findings} == {"named", "small"}
    assert made(tmp_path) == ["thing", "xthing"]
    assert reviewed.outputs == {"area": 1}
