"""A process that forks one child per operation to be killed: what is imported is imported once.

It is asked with a line of JSON (a Deadly) and answers with one: the child's exit code and its state writes.
No gRPC object is made before a fork, so that each child begins with a fresh gRPC.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from datahall import engine
from datahall.engine import recorder
from datahall.engine.storage import folder

from .conftest import World
from .kill_programs import PROGRAMS

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from tests.engine.kill_server import serve; serve()"]


@dataclass(frozen=True, kw_only=True)
class Deadly:
    """An operation and the moment at which its process is killed.

    `write` is the n-th write of the state or its journal, `!` behind it: once it is done, `~`: with half of
    it in the journal, or none of it in the state; calls kill through the cloud. `journalled`: a state of any
    size has a journal.
    """

    folder: str
    cloud: str
    salt: str
    port: int
    operation: str
    program: str = "after"
    write: str = ""
    journalled: bool = False


@dataclass(frozen=True)
class Ended:
    """How the child ended: its exit code (negative: the signal) and how often it wrote the state."""

    code: int
    writes: int


def _operate(deadly: Deadly, writes: int) -> None:
    world = World(Path(deadly.folder), deadly.salt, {"cloud": deadly.port}, Path(deadly.cloud))
    (world.cloud / "engine.pid").write_text(str(os.getpid()))
    state, journal = world.state_file, world.state_file.with_name("dev.json.journal")
    rename, write, done = os.replace, os.write, [0]

    def kill_at(moment: str) -> None:
        if f"{done[0]}{moment}" == deadly.write:
            os.kill(os.getpid(), signal.SIGKILL)

    def count() -> None:
        done[0] += 1
        write(writes, b".")
        kill_at("")

    def replacing(source: Path, target: Path) -> None:
        if target not in (state, journal):
            return rename(source, target)
        count()
        kill_at("~")
        rename(source, target)
        return kill_at("!")

    def writing(descriptor: int, content: memoryview) -> int:
        if Path(f"/proc/self/fd/{descriptor}").resolve() != journal:
            return write(descriptor, content)
        count()
        if f"{done[0]}~" == deadly.write:
            write(descriptor, content[: len(content) // 2])
            kill_at("~")
        written = write(descriptor, content)
        kill_at("!")
        return written

    folder.os.replace = replacing  # type: ignore[attr-defined]  # the file system, as it were
    folder.os.write = writing  # type: ignore[attr-defined]
    if deadly.journalled:
        recorder.WHOLE_BYTES = 0
    options = replace(world.options, program=PROGRAMS[deadly.program], parallel=1)
    operate = {"up": engine.up, "destroy": engine.destroy, "refresh": engine.refresh}[deadly.operation]
    operate(world.project, "dev", options)


def _child(deadly: Deadly, writes: int) -> None:
    code = 1
    try:
        _operate(deadly, writes)
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
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _child(deadly, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            writes = len(stream.read())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps(asdict(Ended(code, writes))), flush=True)


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
