"""An operation killed at any provider call or state write: the next update makes inventory and state one.

A few such moments are tried; with DATAHALL_FUZZ set, all: KILL and TERM before and after each call, KILL
before, half way through and after each write, of an update, a refresh and a destroy, and of the update that
mends a first kill; with states that are written whole, and with states that have a journal.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import World
from .kill_programs import after, before
from .kill_server import Deadly, Ended, KillServer, kill_server

# How often, at most, each operation calls the provider and writes the state; held to what happens, below.
CALLS = {
    "up": {"Configure": 1, "Check": 8, "Diff": 5, "Create": 3, "Update": 3, "Delete": 3},
    "refresh": {"Configure": 1, "Diff": 6, "Read": 6},
    "destroy": {"Configure": 1, "Delete": 6},
    "mend": {"Configure": 2, "Check": 8, "Diff": 6, "Create": 4, "Update": 3, "Delete": 4},
}
WRITES = {"up": 18, "refresh": 1, "destroy": 12, "mend": 15}
OF_A_JOURNAL = 2  # more writes: to begin it, and to bring it into the state
FIRST_KILL = "Create 1 after"  # what an operation `mend` finds


@dataclass(frozen=True)
class Moment:
    """When an operation is signalled: at a call ("Create 1 after") or a write ("3", "3~", "3!")."""

    operation: str
    at: str
    signal: signal.Signals = signal.SIGKILL
    journalled: bool = False

    def __str__(self) -> str:
        how = "journal " if self.journalled else ""
        return f"{how}{self.operation} {self.signal.name} {self.at}".replace(" ", "-")


def every_moment() -> Iterator[Moment]:
    for operation, calls in CALLS.items():
        for method, count in calls.items():
            for n in range(1, count + 1):
                for moment in ("before", "after"):
                    for number in (signal.SIGKILL, signal.SIGTERM):
                        yield Moment(operation, f"{method} {n} {moment}", number)
    for operation, count in WRITES.items():
        for n in range(1, count + 1):
            yield Moment(operation, f"{n}")
            yield Moment(operation, f"{n}!")
        for n in range(1, count + OF_A_JOURNAL + 1):
            for half in ("", "~", "!"):
                yield Moment(operation, f"{n}{half}", journalled=True)


MOMENTS = [
    Moment("up", "Create 1 after"),
    Moment("up", "Update 1 after"),
    Moment("up", "Delete 1 after"),
    Moment("up", "Create 2 before", signal.SIGTERM),
    Moment("up", "3"),
    Moment("up", "6!"),
    Moment("mend", "Create 1 after"),
    Moment("destroy", "Delete 2 after"),
    Moment("refresh", "Read 3 after"),
    Moment("up", "1!", journalled=True),  # the journal of a state that is not written yet
    Moment("up", "2!", journalled=True),
    Moment("up", "5~", journalled=True),
    Moment("up", "Create 1 after", journalled=True),
    Moment("mend", "Create 1 after", journalled=True),
    Moment("destroy", "Delete 2 after", journalled=True),
    Moment("refresh", "3!", journalled=True),  # a journal that is in the state already
]
if "DATAHALL_FUZZ" in os.environ:
    MOMENTS = list(every_moment())


@pytest.fixture(scope="module")
def server() -> Iterator[KillServer]:
    with kill_server() as served:
        yield served


class Stage:
    """A stack as `before` makes it, again and again."""

    def __init__(self, world: World, saved: Path, server: KillServer, salt: str) -> None:
        self.world, self._saved, self._server, self._salt = world, saved, server, salt
        world.up(before)
        shutil.copytree(world.cloud, saved / "cloud")
        shutil.copytree(world.backend, saved / "state")

    @contextmanager
    def orders(self, at: str, number: int) -> Iterator[Path]:
        """The cloud signals the engine at that call."""
        order = self.world.cloud / "kill.json"
        order.write_text(json.dumps({"at": at, "signal": number, "calls": {}}))
        yield order
        order.unlink()

    def run(self, moment: Moment) -> tuple[Ended, Counter[str]]:
        """The operation in a process of its own, and the calls that it made."""
        operation = "up" if moment.operation == "mend" else moment.operation
        at_call = " " in moment.at
        port = self.world.options.attach["cloud"]
        assert isinstance(port, int)
        deadly = Deadly(
            folder=str(self.world.folder),
            cloud=str(self.world.cloud),
            salt=self._salt,
            port=port,
            operation=operation,
            write="" if at_call else moment.at,
            journalled=moment.journalled,
        )
        with self.orders(moment.at if at_call else "", moment.signal) as order:
            ended = self._server.run(deadly)
            return ended, Counter(json.loads(order.read_text())["calls"])

    def set(self, moment: Moment) -> None:
        """Everything as before the operation."""
        for target, name in ((self.world.cloud, "cloud"), (self.world.backend, "state")):
            shutil.rmtree(target)
            shutil.copytree(self._saved / name, target)
        self.world.events.clear()
        if moment.operation == "refresh":
            self.world.tamper("base", size=9)
        if moment.operation == "mend":
            first = Moment("up", FIRST_KILL, journalled=moment.journalled)
            assert self.run(first)[0].code == -signal.SIGKILL


@pytest.fixture
def stage(world: World, tmp_path_factory: pytest.TempPathFactory, server: KillServer, salt: str) -> Stage:
    return Stage(world, tmp_path_factory.mktemp("saved"), server, salt)


def is_whole(world: World) -> None:
    """The inventory is the state, once each, and nothing is pending."""
    latest = world.checkpoint()
    assert "pending_operations" not in latest
    things = [r for r in latest.get("resources", ()) if r["type"] == "cloud:index:Thing"]
    recorded = Counter(r["id"] for r in things if not r.get("pendingReplacement"))  # else the record is all
    assert set(recorded.values()) <= {1}
    there = {file.stem: json.loads(file.read_text()) for file in world.cloud.glob("*.thing")}
    assert there.keys() == recorded.keys()
    for resource in world.resources().values():
        if resource.id in there:
            assert there[resource.id]["label"] == resource.inputs["label"]


def came(moment: Moment, ended: Ended, calls: Counter[str]) -> bool:
    """Whether there was such a moment: two writes may be one, and the SDK's order varies."""
    method, _, rest = moment.at.partition(" ")
    return calls[method] >= int(rest.split()[0]) if rest else ended.writes >= int(moment.at.rstrip("!~"))


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_killed_operation_is_made_whole_by_the_next_update(stage: Stage, moment: Moment) -> None:
    world = stage.world
    stage.set(moment)
    ended, calls = stage.run(moment)
    if not came(moment, ended, calls):
        assert ended.code == 0
    elif moment.signal is signal.SIGKILL:
        assert ended.code == -signal.SIGKILL
    else:  # it ended in order, unless the signal came when all was done
        assert ended.code in (130, 0)
        assert not list((world.backend / ".pulumi" / "locks").rglob("*.json"))
        is_whole(world)
    world.up(after)
    is_whole(world)
    assert sorted(world.inventory()) == ["base", "fresh", "home-base", "home-roof", "kind", "plot"]
    assert not world.preview(after).changed


@pytest.mark.parametrize("journalled", [False, True])
@pytest.mark.parametrize("operation", ["up", "refresh", "destroy"])  # what there is to mend varies
def test_the_moments_are_all_there_are(stage: Stage, operation: str, journalled: bool) -> None:
    never = Moment(operation, "never at all", journalled=journalled)
    stage.set(never)
    ended, calls = stage.run(never)
    assert ended.code == 0
    assert calls.keys() == CALLS[operation].keys()
    assert calls <= Counter(CALLS[operation])
    more = OF_A_JOURNAL if journalled else 0
    assert more < ended.writes <= WRITES[operation] + more


def test_a_killed_creation_is_found_by_destroy(stage: Stage) -> None:
    world, moment = stage.world, Moment("up", "Create 1 after")
    stage.set(moment)
    assert stage.run(moment)[0].code == -signal.SIGKILL
    assert "pending_operations" in world.checkpoint()
    world.destroy()
    assert world.count() == 0
    assert "pending_operations" not in world.checkpoint()
