"""Locks: one update of a stack at a time, whoever it is; an owner that is gone is seen as such."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from datahall import engine
from datahall.engine import ProviderFailed, StackLocked

from .conftest import World
from .programs import Thing

ROOT = Path(__file__).parents[2]
CHILD = "import sys; from tests.engine.test_locks import child; child(*sys.argv[1:])"
RIVALS = 5
LOST = 75


def locks(world: World) -> list[Path]:
    return list((world.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def lock_of(
    world: World, pid: int, host: str | None = None, *, timestamp: str = "2026-01-01T00:00:00Z"
) -> None:
    folder = world.folder / "state" / ".pulumi" / "locks" / "organization" / "proj" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    owner = {
        "pid": pid,
        "username": "ann",
        "hostname": host or socket.gethostname(),
        "timestamp": timestamp,
    }
    (folder / "a-lock.json").write_text(json.dumps(owner))


def test_a_lock_of_a_living_owner_is_respected(world: World) -> None:
    lock_of(world, os.getppid(), timestamp=stamp(0))
    with pytest.raises(StackLocked, match=rf"ann@.*pid {os.getppid()}"):
        world.up(lambda: Thing("it"))
    assert world.count() == 0


def test_a_lock_of_another_host_is_respected(world: World) -> None:
    lock_of(world, 1, "elsewhere")
    with pytest.raises(StackLocked, match="elsewhere"):
        world.up(lambda: Thing("it"))


def test_a_stale_lock_is_told_and_taken_over(world: World) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock_of(world, gone.pid)
    world.up(lambda: Thing("it"))
    assert any("stale" in text and str(gone.pid) in text for text in world.said("warning"))


def test_no_lock_is_left_behind(world: World) -> None:
    with pytest.raises(ProviderFailed):
        world.up(lambda: Thing("it", refuse="create"))
    assert not list((world.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def stamp(seconds_ago: float) -> str:
    """A time as the official engine writes it: nanoseconds, and a zone."""
    moment = time.gmtime(time.time() - seconds_ago)
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456789+00:00", moment)


def test_a_number_given_out_again_is_no_owner(world: World) -> None:
    lock_of(world, os.getppid())  # it lives, but began after 2026-01-01, when the lock was made
    world.up(lambda: Thing("it"))
    assert any("stale" in text for text in world.said("warning"))


def test_the_age_of_a_lock_is_told(world: World) -> None:
    lock_of(world, 1, "elsewhere", timestamp=stamp(3 * 3600 + 60))
    with pytest.raises(StackLocked, match=r"ann@elsewhere \(pid 1, since .*, 3 hours ago\)"):
        world.up(lambda: Thing("it"))


def test_a_lock_cut_short_by_a_kill_needs_nobody(world: World) -> None:
    lock_of(world, 1)
    [file] = locks(world)
    file.write_bytes(file.read_bytes()[:9])
    world.up(lambda: Thing("it"))
    assert any("cut short" in text for text in world.said("warning"))
    assert not locks(world)


def test_a_lock_is_of_the_official_form(world: World) -> None:
    seen: list[dict[str, object]] = []

    def program() -> None:
        seen.extend(json.loads(file.read_text()) for file in locks(world))

    world.up(program)
    [lock] = seen
    assert (lock["pid"], lock["hostname"]) == (os.getpid(), socket.gethostname())
    assert {"username", "timestamp"} <= lock.keys()


def child(folder: str, salt: str, port: str, cloud: str, number: str) -> None:
    """Update; whoever wins keeps the lock until all others have lost."""
    world = World(Path(folder), salt, {"cloud": int(port)}, Path(cloud))

    def program() -> None:
        Thing(f"by-{number}")
        while len(list(world.folder.glob("*.lost"))) < RIVALS - 1:
            time.sleep(0.01)

    try:
        engine.up(world.project, "dev", replace(world.options, program=program))
    except StackLocked:
        (world.folder / f"{number}.lost").touch()
        sys.exit(LOST)


def test_of_many_at_once_one_wins(world: World, salt: str) -> None:
    asked = [str(world.folder), salt, str(world.options.attach["cloud"]), str(world.cloud)]
    rivals = [
        subprocess.Popen([sys.executable, "-c", CHILD, *asked, str(number)], cwd=ROOT)
        for number in range(RIVALS)
    ]
    codes = [rival.wait(120) for rival in rivals]
    assert sorted(codes) == [0, *[LOST] * (RIVALS - 1)]
    assert [*world.inventory()] == [f"by-{codes.index(0)}"]
    assert not locks(world)


def test_a_cancelled_stack_can_be_updated(world: World) -> None:
    world.up(lambda: Thing("it"))
    lock_of(world, 1, "elsewhere")
    with pytest.raises(StackLocked):
        world.up(lambda: Thing("it"))
    assert engine.cancel_stack(world.project, "dev", world.options) == ["a-lock.json"]
    assert not world.up(lambda: Thing("it")).changed


OTHER = "import sys; from tests.engine.test_locks import other; other(*sys.argv[1:])"


def other(folder: str, salt: str, port: str, cloud: str) -> None:
    """An update by another process, of what the first one wanted, too."""
    world = World(Path(folder), salt, {"cloud": int(port)}, Path(cloud))
    engine.up(world.project, "dev", replace(world.options, program=lambda: [Thing("one"), Thing("theirs")]))


@pytest.mark.parametrize("taken", [False, True])
def test_an_update_that_was_cancelled_writes_nothing_more(
    world: World, salt: str, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, after = os.fsync, list[bytes]()

    def slow_disk(descriptor: int) -> None:  # the state is being written when the program cancels
        time.sleep(0.05)
        synced(descriptor)

    def cancel(_: str) -> None:
        assert engine.cancel_stack(world.project, "dev", world.options)
        if taken:
            asked = [str(world.folder), salt, str(world.options.attach["cloud"]), str(world.cloud)]
            subprocess.run([sys.executable, "-c", OTHER, *asked], cwd=ROOT, check=True, timeout=120)
        after.append(world.state_file.read_bytes())

    def program() -> None:
        one = Thing("one")
        Thing("two", note=one.serial.apply(cancel).apply(lambda _: "late"))

    monkeypatch.setattr(os, "fsync", slow_disk)
    with pytest.raises(StackLocked, match=r"taken away while it ran.*run up, which settles"):
        world.up(program)
    assert [world.state_file.read_bytes()] == after
    assert sorted(world.inventory()) == (["one", "theirs"] if taken else ["one"])
    world.up(lambda: Thing("one"))
    assert list(world.inventory()) == ["one"]
    assert "pending_operations" not in world.checkpoint()
