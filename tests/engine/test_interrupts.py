"""Interrupts of `datahall engine` in a process of its own, whatever it is that hangs.

Every signal is sent once something is there to see: a file of the plugin, the pack or the program. Two at
once are of different kinds, as the system makes one of two of the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from datahall.engine import interrupts as interruption
from datahall.engine.interrupts import Interrupts

from .conftest import PASSPHRASE, PLUGINS, World
from .programs import Thing

ROOT = Path(__file__).parents[2]
ENGINE = [sys.executable, "-c", "from datahall.cli import main; main()", "engine"]
HANG_SECONDS = 40
INTERRUPTED = 130
TWO = (signal.SIGINT, signal.SIGTERM)

HELD = """
stuck = Thing("stuck", hold="create")
Thing("next", size=stuck.area)
"""
AROUND = """
import asyncio, pathlib, sys, time
sys.path.insert(0, {root!r})
from tests.engine.programs import Thing
here = pathlib.Path({folder!r})
{body}
"""
SENDER = """
import os, sys, time
for line in sys.stdin:
    time.sleep(float(line))
    os.kill(os.getppid(), int(sys.argv[1]))
"""
WAITS_AGAIN = """
import pulumi
async def main():
    (here / "waits").touch()
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.get_running_loop().create_future()
pulumi.run(main)
"""
PROGRAMS_THAT_HANG = {
    "a loop": """
def spin(_):
    (here / "hangs").touch()
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
Thing("made").serial.apply(spin)
""",
    "an await": """
async def wait(_):
    (here / "hangs").touch()
    while True:
        try:
            await asyncio.sleep(3600)
        except BaseException:
            pass
Thing("made").serial.apply(wait)
""",
    "a thread": """
def sleep():
    (here / "hangs").touch()
    while True:
        time.sleep(3600)
async def thread(_):
    await asyncio.to_thread(sleep)
Thing("made").serial.apply(thread)
""",
}
PACK = """
import pathlib, time
from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy

def hang(args, report):
    pathlib.Path({file!r}).touch()
    while True:
        time.sleep(3600)

PolicyPack(name="hanging", policies=[{kind}("hang", "Hangs.", hang)])
"""


@pytest.fixture
def stack(own_world: World) -> World:
    """A stack that is there, and a cloud."""
    own_world.up(lambda: None)
    own_world.cloud.mkdir(exist_ok=True)
    return own_world


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while not there():
        assert time.monotonic() < deadline, "it hangs"
        time.sleep(0.01)


@contextmanager
def operating(world: World, *arguments: str, plugins: Path = PLUGINS) -> Iterator[subprocess.Popen[str]]:
    """An operation in a process; whatever comes, neither it nor its plugins are left behind."""
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{world.folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "CLOUD_FOLDER": str(world.cloud),
        "DATAHALL_PYTHON": sys.executable,
    }
    process = subprocess.Popen(
        [*ENGINE, *arguments, "-C", str(world.folder), "-s", "dev", "--yes", "--plugin-path", str(plugins)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        left = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.communicate()
        for child in left:
            child.kill()


@contextmanager
def sending(number: signal.Signals) -> Iterator[Callable[[float], None]]:
    """Send us that signal so many seconds from now, from a process that takes no turns with our threads."""
    with subprocess.Popen([sys.executable, "-c", SENDER, str(number)], stdin=subprocess.PIPE) as process:
        assert process.stdin
        pipe = process.stdin
        yield lambda seconds: (pipe.write(f"{seconds}\n".encode()), pipe.flush())[1]


def program(world: World, body: str) -> None:
    text = AROUND.format(root=str(ROOT), folder=str(world.folder), body=body)
    (world.folder / "__main__.py").write_text(text)


def ended(process: subprocess.Popen[str]) -> str:
    """Wait for the process; it was interrupted. What it printed."""
    out, _ = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == INTERRUPTED, out
    assert "Traceback" not in out
    return out


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def pending(world: World) -> list[tuple[str, str]]:
    """Pending operations as (kind, name)."""
    operations = world.checkpoint().get("pending_operations") or []
    return [(each["type"], each["resource"]["urn"].rpartition("::")[2]) for each in operations]


def locks(world: World) -> list[Path]:
    return list((world.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


@pytest.mark.parametrize("number", TWO)
def test_the_first_lets_what_is_under_way_come_to_its_end(stack: World, number: signal.Signals) -> None:
    program(stack, HELD)
    with operating(stack, "up", "--skip-preview") as process:
        until((stack.cloud / "held").exists)
        process.send_signal(number)
        until((stack.cloud / "cancelled").exists)
        assert process.poll() is None
        (stack.cloud / "go").touch()
        ended(process)
    assert sorted(stack.inventory()) == ["stuck"]
    assert {"stuck", "next"} & set(stack.resources()) == {"stuck"}
    assert pending(stack) == []
    assert locks(stack) == []


@pytest.mark.parametrize("number", TWO)
def test_the_second_ends_what_a_provider_does_not(stack: World, number: signal.Signals) -> None:
    program(stack, HELD)
    with operating(stack, "up", "--skip-preview") as process:
        until((stack.cloud / "held").exists)
        process.send_signal(number)
        until((stack.cloud / "cancelled").exists)
        process.send_signal(number)
        ended(process)
    assert gone(int((stack.cloud / "held").read_text()))
    assert pending(stack) == [("creating", "stuck")]
    assert locks(stack) == []
    (stack.cloud / "go").touch()
    stack.up(lambda: Thing("stuck", hold="create"))
    assert pending(stack) == []
    assert sorted(stack.inventory()) == ["stuck"]


@pytest.mark.parametrize(
    ("arguments", "call", "left"),
    [(["destroy"], "delete", [("deleting", "stuck")]), (["refresh", "--skip-preview"], "read", [])],
)
def test_the_second_ends_a_deletion_or_a_read(
    stack: World, arguments: list[str], call: str, left: list[tuple[str, str]]
) -> None:
    stack.up(lambda: Thing("stuck", hold=call))
    with operating(stack, *arguments) as process:
        until((stack.cloud / "held").exists)
        process.send_signal(signal.SIGINT)
        until((stack.cloud / "cancelled").exists)
        process.send_signal(signal.SIGINT)
        ended(process)
    assert gone(int((stack.cloud / "held").read_text()))
    assert pending(stack) == left
    assert "stuck" in stack.resources()
    assert locks(stack) == []


def test_the_first_ends_a_program_that_waits_and_then_for_what_never_comes(stack: World) -> None:
    program(stack, WAITS_AGAIN)
    with operating(stack, "up", "--skip-preview") as process:
        until((stack.folder / "waits").exists)
        process.send_signal(signal.SIGTERM)
        ended(process)
    assert locks(stack) == []


@pytest.mark.parametrize("body", PROGRAMS_THAT_HANG.values(), ids=PROGRAMS_THAT_HANG.keys())
def test_the_second_ends_a_program_that_never_does(stack: World, body: str) -> None:
    program(stack, body)
    with operating(stack, "up", "--skip-preview") as process:
        until((stack.folder / "hangs").exists)
        plugins = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        for number in TWO:
            process.send_signal(number)
        ended(process)
    assert "made" in stack.resources()
    assert sorted(stack.inventory()) == ["made"]
    assert plugins
    assert all(gone(pid) for pid in plugins)
    assert pending(stack) == []
    assert locks(stack) == []


@pytest.mark.parametrize("kind", ["ResourceValidationPolicy", "StackValidationPolicy"])
@pytest.mark.parametrize("preview", [True, False])
def test_the_second_ends_a_policy_pack_that_hangs(stack: World, kind: str, preview: bool) -> None:
    program(stack, 'Thing("made")')
    pack, file = stack.folder / "pack", stack.folder / "hangs"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(PACK.format(file=str(file), kind=kind))
    with operating(
        stack, "up", "--policy-pack", str(pack), *([] if preview else ["--skip-preview"])
    ) as process:
        until(file.exists)
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        for number in TWO:
            process.send_signal(number)
        ended(process)
    assert children
    assert all(gone(pid) for pid in children)
    assert locks(stack) == []


def test_the_second_ends_a_plugin_that_never_serves(stack: World) -> None:
    program(stack, 'Thing("made")')
    folder, file = stack.folder / "plugins", stack.folder / "hangs"
    folder.mkdir()
    (folder / "pulumi-resource-cloud").write_text(
        f"#!/bin/sh\nsleep 3600 &\necho $! > {file}.new\nmv {file}.new {file}\nwait\n"
    )
    (folder / "pulumi-resource-cloud").chmod(0o755)
    with operating(stack, "up", "--skip-preview", plugins=folder) as process:
        until(file.exists)
        for number in TWO:
            process.send_signal(number)
        ended(process)
    assert gone(int(file.read_text()))
    assert locks(stack) == []


def test_one_that_comes_too_late_to_stop_anything_is_not_lost() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Interrupts().handled():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", TWO)
def test_one_within_the_event_loop_loses_no_task(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After the second, 3 s without another would end this process: on a busy machine they pass.
    monkeypatch.setattr(interruption, "GRACE_SECONDS", 600)
    interrupts, loop = Interrupts(), asyncio.new_event_loop()

    async def turns() -> None:
        while True:
            await asyncio.sleep(0)

    with sending(number) as send, suppress(KeyboardInterrupt), interrupts.handled():

        def interrupted(seconds: float) -> None:
            send(seconds)  # not before it is to raise; it may come before the loop runs
            loop.run_forever()

        for turn in range(300):
            task = loop.create_task(turns())
            with pytest.raises(KeyboardInterrupt), interrupts.raising():
                interrupted(turn % 10 / 5_000 + 0.001)
            task.cancel()
            loop.run_until_complete(asyncio.wait([task], timeout=5))
            assert task.done()
    loop.close()
