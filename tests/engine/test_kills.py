"""An update killed at any provider call or state write: the next one ends with inventory equal to state.

A few such moments are tried; with DATAHALL_FUZZ set, all.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from datahall import engine
from datahall.engine import checkpoint

from .conftest import World
from .programs import House, Thing

CHILD = "import sys; from tests.engine.test_kills import child; child(*sys.argv[1:])"
ROOT = Path(__file__).parents[2]


def before() -> None:
    base = Thing("base", size=1)
    Thing("plot", plot="a", note=base.serial)
    Thing("kind", kind="oak")
    Thing("gone", opts=pulumi.ResourceOptions(depends_on=[base]))
    House("home")


def after() -> None:
    base = Thing("base", size=2)
    plot = Thing("plot", plot="b", note=base.serial)
    Thing("kind", kind="pine")
    Thing("fresh", note=plot.serial)
    House("home", size=3)


def child(folder: str, cloud: str, salt: str, write: str) -> None:
    """Update in this process, which is killed at the `write`-th state write (never, if 0)."""
    world = World(Path(folder), salt, {}, Path(cloud))
    rename, written = os.replace, [0]

    def replacing(source: Path, target: Path) -> None:
        if target != world.state_file:
            return rename(source, target)
        written[0] += 1
        if str(written[0]) == write:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)
        if f"{written[0]}!" == write:
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    checkpoint.os.replace = replacing  # type: ignore[attr-defined]  # the file system, as it were
    environment = {**world.options.environment, "CLOUD_ENGINE": str(os.getpid())}
    engine.up(
        world.project, "dev", replace(world.options, program=after, parallel=1, environment=environment)
    )


def run_child(world: World, salt: str, *, kill: str = "", write: str = "0") -> int:
    command = [sys.executable, "-c", CHILD, str(world.folder), str(world.cloud), salt, write]
    environment = {**os.environ, "CLOUD_KILL": kill}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=60).returncode


def is_whole(world: World) -> None:
    """The inventory is the state, once each, and nothing is pending."""
    latest = world.checkpoint()
    assert "pending_operations" not in latest
    recorded = Counter(r["id"] for r in latest["resources"] if r["type"] == "cloud:index:Thing")
    assert set(recorded.values()) <= {1}
    there = {file.stem: json.loads(file.read_text()) for file in world.cloud.glob("*.thing")}
    assert there.keys() == recorded.keys()
    for resource in world.resources().values():
        if resource.id in there:
            assert there[resource.id]["label"] == resource.inputs["label"]


KILLS = ["Create 1 after", "Update 1 after", "Delete 1 after", "3", "6!"]
if "DATAHALL_FUZZ" in os.environ:  # every boundary
    KILLS = [
        f"{method} {n} {moment}"
        for method in ("Create", "Update", "Delete")
        for n in (1, 2, 3)
        for moment in ("before", "after")
    ]
    KILLS += [f"{n}{moment}" for n in range(1, 10) for moment in ("", "!")]


@pytest.mark.parametrize("kill", KILLS)
def test_a_killed_update_is_made_whole_by_the_next(
    world: World, salt: str, kill: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.up(before)
    at_call = " " in kill
    code = run_child(world, salt, kill=kill if at_call else "", write="0" if at_call else kill)
    assert code == -signal.SIGKILL
    world.up(after)
    is_whole(world)
    assert sorted(world.inventory()) == ["base", "fresh", "home-base", "home-roof", "kind", "plot"]
    assert not world.up(after).changed
    world.destroy()
    assert world.count() == 0


def test_a_killed_creation_is_found_by_destroy(world: World, salt: str) -> None:
    world.up(before)
    assert run_child(world, salt, kill="Create 1 after") == -signal.SIGKILL
    assert "pending_operations" in world.checkpoint()
    world.destroy()
    assert world.count() == 0
    assert "pending_operations" not in world.checkpoint()
