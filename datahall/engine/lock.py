"""A stack's lock, as the self-managed backend keeps it: a file per owner in the stack's lock folder.

Ours also says when the owner started, so that a process number that was given out again is no owner.
A lock of this host whose owner is gone is stale: it is said and taken away.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Any

import psutil

from datahall.engine.checkpoint import now
from datahall.engine.errors import StackLocked
from datahall.engine.plugins import end_left_behind

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


@contextmanager
def locked(folder: Path, stack: str, warn: Callable[[str], None]) -> Iterator[Path]:
    """Hold the stack's lock; gives its file. Raises StackLocked, naming the owner.

    `warn` hears of a stale lock. Plugins that its owner left behind are ended: none is still at work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{uuid.uuid4()}.json"
    with _exclusive(folder):
        for file in sorted(folder.glob("*.json")):
            _clear_or_refuse(file, stack, warn)
        own.write_text(json.dumps(_owner()), encoding="utf-8")
    try:
        yield own
    finally:
        own.unlink(missing_ok=True)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Among embedded engines, looking and locking is one act."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _owner() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "username": getuser(),
        "hostname": socket.gethostname(),
        "timestamp": now(),
        "started": psutil.Process().create_time(),
    }


def _clear_or_refuse(file: Path, stack: str, warn: Callable[[str], None]) -> None:
    try:
        text = file.read_text(encoding="utf-8")
        owner = json.loads(text)
    except FileNotFoundError:
        return
    except ValueError:
        # Who writes one does so at once, or as ours under the folder's lock that is now held: it was killed.
        warn(
            f"stack {stack}: the lock {file.name} is cut short, its owner ended while writing it; taken over"
        )
        file.unlink(missing_ok=True)
        return
    try:
        pid, host = int(owner["pid"]), str(owner["hostname"])
    except (ValueError, KeyError, TypeError):
        raise StackLocked(
            f"stack: {stack}: lock {file}: it names no owner; remove it if no update is running"
        ) from None
    began = _moment(owner.get("timestamp"))
    who = f"{owner.get('username', '?')}@{host} (pid {pid}, since {owner.get('timestamp', '?')}{_age(began)})"
    started = owner.get("started")
    if host != socket.gethostname() or _alive(pid, started, began):
        raise StackLocked(
            f"stack: {stack}: locked by {who}; wait for that update to end, or if it has: rm '{file}'"
        )
    warn(f"stack {stack}: the lock of {who} is stale, its process is gone; taken over")
    if isinstance(started, float):
        end_left_behind(pid, started)
    file.unlink(missing_ok=True)


def _moment(timestamp: object) -> float | None:
    """A lock's time (RFC 3339, at most with nanoseconds) in seconds since the epoch."""
    match = _RFC_3339.fullmatch(str(timestamp))
    return datetime.fromisoformat(match[1] + match[2].replace("Z", "+00:00")).timestamp() if match else None


def _age(began: float | None) -> str:
    if began is None:
        return ""
    minutes = max(0, int(time.time() - began)) // 60
    for unit, size in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 2 * size:
            return f", {minutes // size} {unit} ago"
    return f", {minutes} minutes ago"


def _alive(pid: int, started: float | None, began: float | None) -> bool:
    """Whether the owner runs: that process, not another that was given its number later.

    The official engine's locks do not say when their owner started: it did before it made the lock.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if started is not None:
            return abs(process.create_time() - started) < 1
        return began is None or process.create_time() < began + 1
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
