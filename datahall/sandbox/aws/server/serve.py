"""The process: its lock, its socket, its end."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from datahall.sandbox.aws.control import HOST
from datahall.sandbox.aws.server.journal import Journal, JournalError

_BACKLOG = 128


class ServeError(Exception):
    """Why the server did not start, and what to do."""


def serve(folder: Path, port: int, owner: int | None = None) -> None:
    """Own `folder`, replay its journal, serve on loopback until TERM or INT. Raises ServeError.

    It ends by itself with its folder and, where it has one, with its owner, the process that started it.
    """
    with contextlib.suppress(PermissionError):
        os.setsid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chdir(folder)
    lock = folder / "server.lock"
    with _owned(lock), _bound(port) as listener:
        port = listener.getsockname()[1]
        try:
            journal = Journal.open(folder)
            from datahall.sandbox.aws.server.app import Application  # noqa: PLC0415 - slow: moto, and only now
            from datahall.sandbox.aws.server.loopback import LoopbackServer  # noqa: PLC0415 - slow as well

            application = Application(journal, folder)
            application.replay()
        except JournalError as error:
            raise ServeError(str(error)) from None
        server = LoopbackServer(listener, application, lock, owner)

        def end(number: int, frame: FrameType | None) -> None:
            server.end()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        record = {"pid": os.getpid(), "port": port, "url": f"http://{HOST}:{port}", "started": time.time()}
        write(folder / "port", str(port))
        write(folder / "server.json", json.dumps(record))
        try:
            server.serve_forever(poll_interval=0.2)
        finally:
            server.server_close()
            journal.close(empty=lock.exists() and application.empty())
            with contextlib.suppress(FileNotFoundError):
                (folder / "server.json").unlink()


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        raise ServeError(f"port: {port}: cannot be bound ({error}); free it, or take port 0") from None
    with listener:
        yield listener


@contextlib.contextmanager
def _owned(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(100):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.02)
        else:
            raise ServeError(f"folder: {lock.parent}: another server owns it; stop that one first")
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
