"""One state with the official CLI: it lists, previews without changes, takes over, and back.

Runs where a `pulumi` and its Python language host lie on PATH; the backend is a folder, one with compressed
states, and a bucket of the emulated AWS.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from datahall import engine
from datahall.engine import Op

from .conftest import World
from .official import KINDS, Official, needed, sharing

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
import pulumi
from engine.programs import House, Provider, Thing

parts = {{"a/b.txt": pulumi.StringAsset("b"), "sub": pulumi.FileArchive("{folder}/d")}}
parts["f"] = pulumi.FileAsset("{folder}/f")
Thing("blob", text=pulumi.StringAsset("text"), parts=pulumi.AssetArchive(parts))
hooks = pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("made", lambda _: None)])
hooked = pulumi.ResourceOptions(hooks=hooks)
first = Thing("first", size={size}, password=pulumi.Output.secret("hunter2"), opts=hooked)
Thing("second", size=first.area, note=first.serial)
Thing("third", opts=pulumi.ResourceOptions(provider=Provider("mine", "east"), hide_diffs=["size"]))
pulumi.export("area", House("home", 3).area)
pulumi.export("password", first.password)
pulumi.StackReference("self", "organization/proj/dev") if {refer} else None
"""

pytestmark = needed


def write(world: World, size: int, *, refer: bool = False) -> None:
    tests = str(Path(__file__).parent.parent)
    nested = world.folder / "d" / ("n" * 60) / ("m" * 60)
    nested.mkdir(parents=True, exist_ok=True)
    (nested / "deep.txt").write_text("deep")
    (world.folder / "f").write_bytes(bytes(range(256)) * 3)
    (world.folder / "__main__.py").write_text(
        PROGRAM.format(tests=tests, size=size, refer=refer, folder=world.folder)
    )


@pytest.fixture(params=KINDS)
def pulumi(request: pytest.FixtureRequest, own_world: World) -> Official:
    kind: str = request.param
    bucket = request.getfixturevalue("bucket") if kind == "bucket" else None
    return sharing(own_world, kind, bucket)


def test_the_official_cli_takes_over_and_back(pulumi: Official) -> None:
    world = pulumi.world
    with world.project.config_file("dev").open("a") as file:
        file.write("config:\n  cloud:region: here\n")
    write(world, 2)
    run = {"program": None, "config": None}

    assert world.up(**run).summary == {Op.CREATE: 9}  # type: ignore[arg-type]  # the project's own program
    assert "dev" in pulumi("stack", "ls")
    pulumi("preview", "-s", "dev", "--expect-no-changes")
    assert "hunter2" in pulumi("stack", "output", "-s", "dev", "--json", "--show-secrets")

    write(world, 5)
    pulumi("up", "-s", "dev", "--yes", "--skip-preview")
    assert world.inventory()["second"]["size"] == 25
    assert not world.up(**run).changed  # type: ignore[arg-type]
    assert world.outputs() == {"area": 9, "password": "hunter2"}

    world.tamper("second", size=3)
    assert world.refresh(config=None).summary[Op.REFRESH] == 1
    pulumi("refresh", "-s", "dev", "--yes", "--skip-preview", "--expect-no-changes")
    assert not world.refresh(config=None).changed
    pulumi("up", "-s", "dev", "--yes", "--skip-preview")
    assert world.inventory()["second"]["size"] == 25

    write(world, 6, refer=True)
    assert world.up(**run).summary[Op.UPDATE] == 2  # type: ignore[arg-type]
    pulumi("preview", "-s", "dev", "--expect-no-changes")
    pulumi("destroy", "-s", "dev", "--yes", "--skip-preview")
    assert world.count() == 0
    write(world, 6)
    assert world.up(**run).summary == {Op.CREATE: 9}  # type: ignore[arg-type]


SMALL = """
import sys
sys.path.insert(0, {tests!r})
import pulumi
from engine.programs import Thing

it = Thing("it", size={size}, password=pulumi.Output.secret("hunter2"))
pulumi.export("area", it.area)
"""


def write_small(world: World, size: int) -> None:
    tests = str(Path(__file__).parent.parent)
    (world.folder / "__main__.py").write_text(SMALL.format(tests=tests, size=size))


def test_each_tells_and_takes_what_the_other_did(pulumi: Official) -> None:
    world = pulumi.world
    at, run = ("-s", "dev"), {"program": None, "config": None}
    write_small(world, 2)
    assert world.up(**run).summary == {Op.CREATE: 2}  # type: ignore[arg-type]

    theirs = json.loads(pulumi("stack", "export", *at))
    ours = engine.export_stack(world.project, "dev", world.options)
    assert theirs["version"] == ours["version"]
    assert by_urn(theirs) == by_urn(ours)

    write_small(world, 3)
    pulumi("up", *at, "--yes", "--skip-preview")
    kinds = [record["kind"] for record in engine.stack_history(world.project, "dev", world.options)]
    told = json.loads(pulumi("stack", "history", *at, "--json"))
    assert [(record["kind"], record["result"]) for record in told] == [(kind, "succeeded") for kind in kinds]
    [listed] = json.loads(pulumi("stack", "ls", "--json"))
    [summary] = engine.list_stacks(world.project, world.options)
    assert (listed["name"], listed["resourceCount"]) == (summary.name, summary.resources)

    # what one exported the other imports, secrets and all
    content = json.dumps(engine.export_stack(world.project, "dev", world.options))
    pulumi("stack", "import", *at, stdin=content)
    assert not world.up(**run).changed  # type: ignore[arg-type]
    assert not engine.import_stack(world.project, "dev", world.options, pulumi("stack", "export", *at))
    pulumi("preview", *at, "--expect-no-changes")
    things = [r for r in world.recorded().resources if r["type"] == "cloud:index:Thing"]
    assert [r["id"] for r in things] == [file.stem for file in world.cloud.glob("*.thing")]

    pulumi("stack", "tag", "set", "team", "red", *at)
    pulumi("destroy", *at, "--yes", "--skip-preview")
    engine.remove_stack(world.project, "dev", world.options)
    assert json.loads(pulumi("stack", "ls", "--json")) == []
    world.up(**run)  # type: ignore[arg-type]
    assert "team" not in json.loads(pulumi("stack", "tag", "ls", *at, "--json"))
    world.destroy(config=None)
    pulumi("stack", "rm", *at, "--yes", "--preserve-config")
    assert engine.list_stacks(world.project, world.options) == []


def by_urn(exported: dict[str, Any]) -> dict[str, Any]:
    """The resources of an export; the CLI leaves out zeros at the end of a time."""
    moments = ("created", "modified")
    return {
        data["urn"]: {
            key: datetime.fromisoformat(value) if key in moments else value for key, value in data.items()
        }
        for data in exported["deployment"]["resources"]
    }


def test_each_keeps_out_while_the_other_is_at_work(pulumi: Official) -> None:
    world = pulumi.world
    write_small(world, 2)
    refused = []

    def program() -> None:
        refused.append(pulumi.run("refresh", "-s", "dev", "--yes", "--skip-preview"))

    world.up(program)  # there is a stack
    world.up(program)
    assert refused[1].returncode != 0
    assert "the stack is currently locked by 1 lock(s)" in refused[1].stdout + refused[1].stderr
    assert world.count() == 0
    pulumi("refresh", "-s", "dev", "--yes", "--skip-preview")
