"""Detached services: started so that they outlive the command, recorded in a file, stopped by pid.

A record holds the process's start time beside its pid: a pid alone may by now belong to somebody else.
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# The clock may be corrected between two readings of a start time.
_START_TOLERANCE_S = 2.0


@dataclass(frozen=True)
class Service:
    """A service that was started: ``started`` is the process's start time in seconds since the epoch.

    ``ca``: the file with the certificate that it is trusted by, where it speaks TLS.
    """

    name: str
    environment: str
    pid: int
    started: float
    url: str
    port: int
    log: str
    model_version: str
    ca: str = ""


def launch(
    command: Sequence[str],
    *,
    name: str,
    environment: str,
    port: int,
    model_version: str,
    variables: Mapping[str, str],
    log: Path,
    folder: Path,
    ca: Path | None = None,
) -> Service:
    """Start a service in a session of its own and record it in ``folder``; with ``ca`` it speaks TLS."""
    log.parent.mkdir(parents=True, exist_ok=True)
    pid = os.posix_spawn(
        command[0],
        list(command),
        {**os.environ, **variables},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    service = Service(
        name=name,
        environment=environment,
        pid=pid,
        started=psutil.Process(pid).create_time(),
        url=f"http://127.0.0.1:{port}" if ca is None else f"https://localhost:{port}",
        port=port,
        log=str(log),
        model_version=model_version,
        ca="" if ca is None else str(ca),
    )
    return keep(service, folder)


def keep(service: Service, folder: Path) -> Service:
    """Record a service in place of what was recorded under its name."""
    file = _record(folder, service.environment, service.name)
    write_atomically(file, json.dumps(asdict(service), indent=2) + "\n")
    return service


def services(folder: Path, environment: str) -> list[Service]:
    """What is recorded for an environment, dead or alive."""
    records = sorted(folder.glob(f"{environment}-*.json")) if folder.is_dir() else []
    return [Service(**json.loads(record.read_text())) for record in records]


def alive(service: Service) -> bool:
    """Whether the very process that was started is still there."""
    try:
        process = psutil.Process(service.pid)
        return (
            abs(process.create_time() - service.started) < _START_TOLERANCE_S
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


def exists(pid: int) -> bool:
    """Whether a process of that id is there and has not ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pid: int, *, timeout_s: float = 5) -> bool:
    """Whether a process that was told to end has ended, or does so in time."""
    deadline = time.monotonic() + timeout_s
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not exists(pid)


def stop(service: Service, folder: Path, *, timeout_s: float = 10) -> bool:
    """Ask the process to end, then make it; forget the record. Returns whether it was running."""
    running = alive(service)
    if running:
        end(psutil.Process(service.pid), timeout_s=timeout_s)
    _record(folder, service.environment, service.name).unlink(missing_ok=True)
    return running


def end(process: psutil.Process, *, timeout_s: float = 10) -> None:
    """TERM to a process and its children, wait, then KILL to what is left; no error where it is gone."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        _signal(member, hard=False)
    _, left = psutil.wait_procs(family, timeout=timeout_s)
    for member in left:
        _signal(member, hard=True)
    psutil.wait_procs(left, timeout=timeout_s)


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader meets the old one or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text)
    Path(name).replace(path)


def _signal(process: psutil.Process, *, hard: bool) -> None:
    try:
        process.kill() if hard else process.terminate()
    except psutil.NoSuchProcess:
        return


def _record(folder: Path, environment: str, name: str) -> Path:
    return folder / f"{environment}-{name}.json"
