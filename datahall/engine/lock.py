"""A stack's lock, as the self-managed backend keeps it: a file per owner in the stack's lock folder.

Ours also says when the owner started, so that a process number that was given out again is no owner.
A lock of this host whose owner is gone is stale: it is said and taken away. As the official engine does,
ours looks, locks, and looks again. Where engines meet there, each gives way; ours come again after a while
drawn by lot, so that one of them wins.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from getpass import getuser
from typing import Any

import psutil

from datahall.engine.backend import StackFiles
from datahall.engine.checkpoint import fold, now
from datahall.engine.errors import StackLocked, StoreFailed
from datahall.engine.left_behind import end_left_behind

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")

_MEETINGS = 8
_PAUSE_SECONDS = 0.1
"""The longest pause after the first meeting, doubled by each."""


@dataclass(frozen=True)
class Held:
    """A lock of ours. `release` gives it up early."""

    files: StackFiles
    key: str
    release: Callable[[], None]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While the state is written: who takes the lock away waits until that is done, where the store can.

        Raises StackLocked if it was taken away: what is written now may be over another's state.
        """
        with self.files.store.exclusive(self.files.locks):
            self._check()
            yield

    def _check(self) -> None:
        if self.files.store.read(self.key) is None:
            raise StackLocked(
                f"stack: {self.files.stack}: the lock of this operation was taken away while it ran "
                "(cancel); it writes nothing any more; run up, which settles what it began"
            )


@contextmanager
def locked(files: StackFiles, warn: Callable[[str], None]) -> Iterator[Held]:
    """Hold the stack's lock. Raises StackLocked, naming the owner.

    `warn` hears of a stale lock. Plugins that its owner left behind are ended: none is still at work. What a
    killed owner left in a journal is brought into the state; raises BrokenState where that is damaged.
    """
    store, own = files.store, f"{files.locks}/{uuid.uuid4()}.json"

    def release() -> None:
        try:
            store.delete(own)
        except StoreFailed as error:
            warn(f"stack {files.stack}: its lock is left behind: {error}: {store.removing(own)}")

    for meeting in range(1, _MEETINGS + 1):
        with store.exclusive(files.locks):
            _clear_or_refuse(files, own, warn)
            store.write(own, json.dumps(_owner()).encode())
            try:  # again: another engine, or another host, may have looked at the same moment
                _clear_or_refuse(files, own, warn)
                break
            except BaseException as error:
                release()
                if not isinstance(error, StackLocked) or meeting == _MEETINGS:
                    raise
        time.sleep(_PAUSE_SECONDS * 2**meeting * random.random())  # noqa: S311 - no secret
    try:
        fold(files)
        yield Held(files, own, release)
    finally:
        release()


def _clear_or_refuse(files: StackFiles, own: str, warn: Callable[[str], None]) -> None:
    for name in files.store.names(files.locks):
        key = f"{files.locks}/{name}"
        if key != own and name.endswith(".json"):
            _judge(files, key, warn)


def _owner() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "username": getuser(),
        "hostname": socket.gethostname(),
        "timestamp": now(),
        "started": psutil.Process().create_time(),
    }


def _judge(files: StackFiles, key: str, warn: Callable[[str], None]) -> None:
    """Take a stale lock away. Raises StackLocked for any other."""
    stack, store = files.stack, files.store
    raw = store.read(key)
    if raw is None:
        return
    try:
        owner = json.loads(raw)
    except ValueError:
        if not store.torn:
            raise StackLocked(
                f"stack: {stack}: lock {store.where(key)}: not readable; if no update is running: "
                f"{store.removing(key)}"
            ) from None
        name = key.rpartition("/")[2]
        # Who writes one does so at once, or as ours under the folder's lock that is now held: it was killed.
        warn(f"stack {stack}: the lock {name} is cut short, its owner ended while writing it; taken over")
        store.delete(key)
        return
    try:
        pid, host = int(owner["pid"]), str(owner["hostname"])
    except (ValueError, KeyError, TypeError):
        raise StackLocked(
            f"stack: {stack}: lock {store.where(key)}: it names no owner; if no update is running: "
            f"{store.removing(key)}"
        ) from None
    began = _moment(owner.get("timestamp"))
    who = f"{owner.get('username', '?')}@{host} (pid {pid}, since {owner.get('timestamp', '?')}{_age(began)})"
    started = owner.get("started")
    if host != socket.gethostname() or _alive(pid, started, began):
        raise StackLocked(
            f"stack: {stack}: locked by {who}; wait for that update to end, or if it has: "
            f"{store.removing(key)}"
        )
    warn(f"stack {stack}: the lock of {who} is stale, its process is gone; taken over")
    if isinstance(started, float):
        end_left_behind(pid, started)
    store.delete(key)


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
