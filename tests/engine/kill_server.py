"""A process that forks one child per operation to be killed: what is imported is imported once.

It is asked with a line of JSON (a Deadly) and answers with one: the child's exit code and what it did to
files. No gRPC object is made before a fork, so that each child begins with a fresh gRPC.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from datahall import engine
from datahall.engine import recorder
from datahall.engine.secrets import Crypter
from datahall.engine.state_edit import delete_states, protect_states, rename_state

from .conftest import PASSPHRASE, World
from .kill_programs import PROGRAMS

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from tests.engine.kill_server import serve; serve()"]
THING = "urn:pulumi:dev::proj::cloud:index:Thing"
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link"}


@dataclass(frozen=True, kw_only=True)
class Deadly:
    """An operation and the moment at which its process is signalled.

    `at` is the n-th thing that it does to a file of the backend: opens it to write, writes, or half of that,
    syncs, renames, removes, makes; the signals come just before. Calls signal through the cloud.
    `journalled`: a state of any size has a journal.
    """

    folder: str
    cloud: str
    salt: str
    port: int
    operation: str
    program: str = "after"
    at: int = 0
    signals: tuple[int, ...] = ()
    journalled: bool = False


@dataclass(frozen=True)
class Ended:
    """How the child ended: its exit code (negative: the signal), and what it did to files, in order."""

    code: int
    did: list[str]


class _Files:
    """Watches what this process does to files below a folder. It cannot be undone: for a child only."""

    def __init__(self, deadly: Deadly, told: int) -> None:
        self._below = os.path.join(deadly.folder, "state")
        self._deadly, self._told = deadly, told
        self._count = 0
        self._write, self._sync = os.write, os.fsync
        os.write = self._writing  # type: ignore[assignment]  # of bytes and views is all it is asked
        os.fsync = os.fdatasync = self._syncing  # type: ignore[assignment]  # by number
        sys.addaudithook(self._heard)

    def _heard(self, event: str, given: tuple[object, ...]) -> None:
        if event in CHANGES or (event == "open" and _writes(given)):
            name = given[1] if event == "os.rename" else given[0]
            if isinstance(name, str | os.PathLike):
                self._does(event, os.fspath(name))

    def _does(self, what: str, file: str) -> None:
        if not file.startswith(self._below):
            return
        self._count += 1
        self._write(self._told, f"{what} {os.path.basename(file)}\n".encode())
        if self._count == self._deadly.at:
            for number in self._deadly.signals:
                os.kill(os.getpid(), number)

    def _writing(self, descriptor: int, content: bytes | memoryview) -> int:
        file = os.readlink(f"/proc/self/fd/{descriptor}")
        self._does("write", file)
        if not file.startswith(self._below):
            return self._write(descriptor, content)
        half = self._write(descriptor, content[: len(content) // 2])
        self._does("half", file)
        return half + self._write(descriptor, content[len(content) // 2 :])

    def _syncing(self, descriptor: int) -> None:
        self._does("sync", os.readlink(f"/proc/self/fd/{descriptor}"))
        self._sync(descriptor)


def _writes(given: tuple[object, ...]) -> bool:
    flags = given[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _exported(world: World) -> str:
    return json.dumps(engine.export_stack(world.project, "dev", world.options))


OPERATIONS: dict[str, Callable[[World, engine.Options], object]] = {
    "up": lambda world, options: engine.up(world.project, "dev", options),
    "preview": lambda world, options: engine.preview(world.project, "dev", options),
    "refresh": lambda world, options: engine.refresh(world.project, "dev", options),
    "destroy": lambda world, options: engine.destroy(world.project, "dev", options),
    "protect": lambda world, options: protect_states(
        world.project, "dev", options, [f"{THING}::base"], protect=True
    ),
    "rename": lambda world, options: rename_state(world.project, "dev", options, f"{THING}::gone", "other"),
    "forget": lambda world, options: delete_states(world.project, "dev", options, [f"{THING}::found"]),
    "import": lambda world, options: engine.import_stack(world.project, "dev", options, _exported(world)),
}


def _operate(deadly: Deadly, told: int) -> None:
    world = World(Path(deadly.folder), deadly.salt, {"cloud": deadly.port}, Path(deadly.cloud))
    (world.cloud / "engine.pid").write_text(str(os.getpid()))
    if deadly.journalled:
        recorder.WHOLE_BYTES = 0
    options = replace(world.options, program=PROGRAMS[deadly.program], parallel=1)
    _Files(deadly, told)
    OPERATIONS[deadly.operation](world, options)


def _child(deadly: Deadly, told: int) -> None:
    code = 1
    try:
        _operate(deadly, told)
        code = 0
    except KeyboardInterrupt:
        code = 130
    except BaseException as error:  # its parent tells; nothing of a test runner lives here
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        deadly = Deadly(**json.loads(line))
        assert Crypter(PASSPHRASE, deadly.salt).salt_state  # its key is known now, to children, too
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _child(deadly, writing)
        os.close(writing)
        with os.fdopen(reading, "r") as stream:
            did = stream.read().splitlines()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps(asdict(Ended(code, did))), flush=True)


class KillServer:
    """The process, as tests use it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, deadly: Deadly) -> Ended:
        """Run the operation to its end, violent or not."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(deadly)) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


@contextmanager
def kill_server() -> Iterator[KillServer]:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield KillServer(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
