"""Processes, known by pid and start time, so that a pid that came back is never taken for ours."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import Process

_PROC = Path("/proc")
_STATE, _START_TIME = 0, 19  # fields of /proc/<pid>/stat after the closing bracket, proc(5)


def _stat(pid: int) -> list[str] | None:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def find(pid: int) -> Process | None:
    """The process that has this pid now."""
    fields = _stat(pid)
    return None if fields is None else Process(pid, int(fields[_START_TIME]))


def arguments(pid: int) -> str:
    """Its command line, empty where it has ended."""
    try:
        return (
            (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        )
    except OSError:
        return ""


def alive(process: Process | None) -> bool:
    """Whether it runs; one that ended and waits for its parent does not."""
    if process is None or (fields := _stat(process.pid)) is None:
        return False
    return int(fields[_START_TIME]) == process.started and fields[_STATE] != "Z"


def end(process: Process | None, *, patience_s: float) -> None:
    """TERM, then KILL once patience is over; returns when it is gone."""
    if process is None:
        return
    if not alive(process):
        return _reap(process.pid)
    _signal(process, signal.SIGTERM)
    if not _gone(process, patience_s):
        _signal(process, signal.SIGKILL)
        if not _gone(process, 10):
            raise HostsFailedError(f"process {process.pid} does not end when it is killed")


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return


def _gone(process: Process, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while alive(process):
        if time.monotonic() > deadline:
            return False
        _reap(process.pid)
        time.sleep(0.05)
    _reap(process.pid)
    return True


def _reap(pid: int) -> None:
    """Collect it where it is our own child: a process that nobody waits for stays in the table."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def start(argv: Sequence[str], log: Path) -> Process:
    """Start a process that outlives us, in a session of its own; what it says goes to ``log``."""
    with log.open("ab") as out, Path(os.devnull).open("rb") as nothing:
        pid = os.posix_spawnp(
            "env",
            ["env", "--chdir=/", *argv],
            os.environ,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, nothing.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 2),
            ],
        )
    if (process := find(pid)) is None:
        raise HostsFailedError(f"{argv[0]} ended as soon as it was started")
    return process


def run(argv: Sequence[str], *, what: str, timeout_s: float = 900, stdin: bytes | None = None) -> str:
    """Run a command to its end and give its output.

    Raises:
        HostsFailedError: it failed; the message says what was being done and the last that the command said.
    """
    try:
        done = subprocess.run(
            argv, check=False, capture_output=True, timeout=timeout_s, input=stdin, env=_environment()
        )
    except subprocess.TimeoutExpired:
        raise HostsFailedError(f"{what}: no end after {timeout_s:g} s: {argv[0]}") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace").splitlines()
        raise HostsFailedError(f"{what}: {argv[0]} exited with {done.returncode}: {' | '.join(said[-3:])}")
    return done.stdout.decode(errors="replace")


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
