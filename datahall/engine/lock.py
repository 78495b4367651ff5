"""A stack's lock, as the self-managed backend keeps it: a file per owner in the stack's lock folder.

Ours also says when the owner started, so that a process number that was given out again is no owner.
A lock of this host whose owner is gone is stale: it is said and taken away.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Any

import psutil

from datahall.engine.checkpoint import now
from datahall.engine.errors import StackLocked
from datahall.engine.plugins import end_left_behind


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
        owner = json.loads(file.read_text(encoding="utf-8"))
        pid, host = int(owner["pid"]), str(owner["hostname"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise StackLocked(
            f"stack: {stack}: unreadable lock {file}; remove it if no update is running"
        ) from None
    who = f"{owner.get('username', '?')}@{host} (pid {pid}, since {owner.get('timestamp', '?')})"
    if host != socket.gethostname() or _alive(pid, owner.get("started")):
        raise StackLocked(
            f"stack: {stack}: locked by {who}; wait for that update to end, or remove {file} if it has"
        )
    warn(f"stack {stack}: the lock of {who} is stale, its process is gone; taken over")
    if isinstance(owner.get("started"), float):
        end_left_behind(pid, owner["started"])
    file.unlink(missing_ok=True)


def _alive(pid: int, started: float | None) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return started is None or abs(process.create_time() - started) < 1
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
