"""An operation killed at any moment: the next update makes inventory and state one.

The moments are all that there are, as the operation meets them: each call of the provider (it is killed
before the call is done, after, or before and the call is lost) and each thing that it does to a file of the
backend. It is killed, or interrupted once or twice. A few moments are tried, with DATAHALL_FUZZ set all, or
every n-th with DATAHALL_KILL_STEP=n.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals
from typing import Any
from zlib import crc32

import pytest

from datahall.engine.plugins import PluginProcess

from .conftest import World
from .kill_programs import FOUND, TAKEN, after, before, plant
from .kill_server import Deadly, Ended, KillServer, kill_server
from .validity import latest

ALL = "DATAHALL_FUZZ" in os.environ
PARTS = 4 if ALL else 1  # for the workers of pytest-xdist
STEP = int(os.environ.get("DATAHALL_KILL_STEP", "1"))  # 2: only every other moment
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in it
LEFT = ["base", "fresh", "home-base", "home-roof", "kind", "plot", "taken", "yard-shed"]
THING = "cloud:index:Thing"


@dataclass(frozen=True)
class How:
    """At calls (before, after, lost) or at files, and by which signals."""

    at: str
    signals: tuple[Signals, ...] = (SIGKILL,)
    journalled: bool = False

    def __str__(self) -> str:
        names = {(SIGKILL,): "KILL", (SIGTERM,): "TERM", (SIGTERM, SIGINT): "TERM-INT"}
        return f"{self.at}-{names[self.signals]}{'-journal' if self.journalled else ''}"


ONCE, TWICE = (SIGTERM,), (SIGTERM, SIGINT)
CALLS = [
    *(How(at) for at in ("before", "after", "lost")),
    *(How(at, ONCE) for at in ("before", "lost")),
]
FILES = [How("files"), How("files", journalled=True)]
WAYS = {
    "up": [*CALLS, How("before", TWICE), How("after", journalled=True), *FILES, How("files", ONCE)],
    "mend": [*CALLS, How("after", journalled=True), *FILES],
    "refresh": [*CALLS, How("before", TWICE), *FILES],
    "destroy": [*CALLS, How("before", TWICE), *FILES],
    "preview": [How("before"), How("lost", ONCE), How("files")],
    **{verb: [How("files")] for verb in ("protect", "rename", "forget", "import")},
}


@pytest.fixture(scope="module")
def server() -> Iterator[KillServer]:
    with kill_server() as served:
        yield served


class Stage:
    """A stack as `before` makes it, again and again."""

    def __init__(
        self, folder: Path, plugin: tuple[PluginProcess, Path], server: KillServer, salt: str
    ) -> None:
        process, cloud = plugin
        for file in cloud.iterdir():
            file.unlink()
        self._saved, self._server, self._salt, self._port = folder / "saved", server, salt, process.port
        (folder / "world").mkdir()
        self.world = World(folder / "world", salt, {"cloud": process.port}, cloud)
        plant(cloud, FOUND)
        self.world.up(before)
        plant(cloud, TAKEN)
        shutil.copytree(cloud, self._saved / "cloud")
        shutil.copytree(self.world.backend, self._saved / "state")

    def run(self, operation: str, how: How, at: int | str, program: str = "after") -> tuple[Ended, list[str]]:
        """The operation in a process of its own; what it met: calls, or files."""
        orders = self.world.cloud / "orders.json"
        files = how.at == "files"
        kill = {"at": at, "moment": how.at, "signals": how.signals}
        orders.write_text(json.dumps({"kill": None if files else kill, "calls": []}))
        deadly = Deadly(
            folder=str(self.world.folder),
            cloud=str(self.world.cloud),
            salt=self._salt,
            port=self._port,
            operation="up" if operation == "mend" else operation,
            program=program,
            at=at if files and isinstance(at, int) else 0,
            signals=how.signals,
            journalled=how.journalled,
        )
        ended = self._server.run(deadly)
        calls = json.loads(orders.read_text())["calls"]
        orders.unlink()
        return ended, ended.did if files else calls

    def set(self, operation: str, how: How) -> None:
        """Everything as before the operation."""
        for target, name in ((self.world.cloud, "cloud"), (self.world.backend, "state")):
            shutil.rmtree(target)
            shutil.copytree(self._saved / name, target)
        self.world.events.clear()
        if operation == "refresh":
            self.world.tamper("base", size=9)
        if operation == "mend":
            first = How("after", journalled=how.journalled)
            assert self.run("up", first, "Create 1")[0].code == -SIGKILL

    def mended(self) -> None:
        """The next update succeeds and leaves what the program says; then there is nothing to do."""
        own = {each.get("id") for each in self.world.checkpoint().get("resources", ())}
        if TAKEN not in own:  # a destroy took it
            plant(self.world.cloud, TAKEN)
        self.world.up(after)
        is_whole(self.world)
        assert sorted(set(self.world.inventory()) - {"found"}) == LEFT
        assert not self.world.preview(after).changed
        assert not list((self.world.backend / ".pulumi" / "locks").rglob("*.json"))
        left = [file.name for file in self.world.backend.rglob("*") if file.name.endswith(".journal")]
        assert not left


@pytest.fixture
def stage(cloud_plugin: tuple[PluginProcess, Path], server: KillServer, salt: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Stage(Path(folder), cloud_plugin, server, salt)


def is_whole(world: World) -> None:
    """The state is valid, the inventory is what it says, once each, and nothing is pending."""
    found = latest(world.state_file.read_bytes())
    assert "pending_operations" not in found, "something is pending"
    things = [r for r in found.get("resources", ()) if r["type"] == THING and not r.get("external")]
    recorded = Counter(r["id"] for r in things if not r.get("pendingReplacement"))  # else the record is all
    assert set(recorded.values()) <= {1}, "recorded twice"
    there = {file.stem: json.loads(file.read_text()) for file in world.cloud.glob("*.thing")}
    nobodys = {FOUND, *({TAKEN} - recorded.keys())}
    assert there.keys() - nobodys == recorded.keys(), "the inventory is not the state"
    for resource in things:
        if resource["id"] in recorded:
            assert there[resource["id"]]["label"] == resource["inputs"]["label"]


def moments(operation: str, how: How, part: int) -> Iterator[int]:
    """All, until one is not reached any more; or one."""
    spread = crc32(f"{operation} {how}".encode())
    if not ALL:
        yield 1 + spread % 12
        return
    yield from itertools.count(1 + part + PARTS * (spread % STEP), PARTS * STEP)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    ("operation", "how"),
    [(operation, how) for operation, ways in WAYS.items() for how in ways],
    ids=str,
)
def test_a_killed_operation_is_made_whole_by_the_next_update(
    stage: Stage, operation: str, how: How, part: int
) -> None:
    for at in moments(operation, how, part):
        stage.set(operation, how)
        ended, met = stage.run(operation, how, at)
        try:
            judge(stage, operation, how, ended, reached=len(met) >= at)
        except Exception as error:
            error.add_note(
                f"{operation}, {how}, at {at}: {' '.join(met[at - 1 : at])}, after {met[: at - 1]}"
            )
            raise
        if len(met) < at:
            return


def judge(stage: Stage, operation: str, how: How, ended: Ended, *, reached: bool) -> None:
    if not reached:
        assert ended.code == 0
    elif SIGKILL in how.signals:
        assert ended.code == -SIGKILL
    else:  # it ended in order, unless the signal came when all was done
        assert ended.code in (130, 0, *([1] if how.at == "lost" else []))  # or what the loss led to
        assert not list((stage.world.backend / ".pulumi" / "locks").rglob("*.json"))
        if how.at == "before" and how.signals == ONCE and operation != "mend":
            is_whole(stage.world)
    stage.mended()


def test_a_killed_creation_is_found_by_destroy(stage: Stage) -> None:
    world, how = stage.world, How("after")
    stage.set("up", how)
    assert stage.run("up", how, "Create 1")[0].code == -SIGKILL
    assert "pending_operations" in world.checkpoint()
    world.destroy()
    assert set(world.inventory()) - {"taken"} == {"found"}  # that was imported by then, or not
    assert "pending_operations" not in world.checkpoint()


def test_a_program_that_ends_the_process(stage: Stage) -> None:
    stage.set("up", How("files"))
    ended, _ = stage.run("up", How("files"), 0, program="leaving")
    assert ended.code == 7
    stage.mended()


def test_every_kind_of_call_is_met(stage: Stage) -> None:
    never = How("before")
    met: set[str] = set()
    for operation in ("up", "refresh", "destroy"):
        stage.set(operation, never)
        ended, calls = stage.run(operation, never, 0)
        assert ended.code == 0
        met.update(calls)
    assert met >= {"GetPluginInfo", "CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create"}
    assert met >= {"Update", "Delete", "Read", "Invoke", "Construct", "Call"}


def an_orphan(world: World) -> None:
    (world.cloud / "lost-abcdef.thing").write_text(json.dumps({"label": "lost"}))


def a_loss(world: World) -> None:
    world.thing("kind").unlink()


def another_thing(world: World) -> None:
    world.tamper("kind", label="another")


def a_second_record(world: World) -> None:
    data: dict[str, Any] = json.loads(world.state_file.read_text())
    found = data["checkpoint"]["latest"]["resources"]
    found.append({**found[-1], "urn": found[-1]["urn"] + "again"})
    world.state_file.write_text(json.dumps(data))


@pytest.mark.parametrize("plant", [an_orphan, a_loss, another_thing, a_second_record])
def test_the_judge_objects(stage: Stage, plant: Any) -> None:  # noqa: ANN401 - a function of a world
    is_whole(stage.world)
    plant(stage.world)
    with pytest.raises(AssertionError):
        is_whole(stage.world)
