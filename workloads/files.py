"""Files on this machine's disk: whole or not there, and a full disk told as any other error."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workloads.errors import StorageError

_BLOCK = 2**20


def write_whole(path: Path, chunks: Iterable[bytes]) -> str:
    """Write `path` so that it is there whole or not at all, readable by its owner only; its SHA-256.

    Raises StorageError for a disk that is full or a folder that cannot be written, and whatever `chunks`
    raises; in both cases nothing new is left there.
    """
    beside, digest = path.with_name(f".{path.name}.{os.getpid()}"), hashlib.sha256()
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        with io.FileIO(descriptor, "w") as file:
            for block in _blocks(chunks):
                digest.update(block)
                with _told(path):
                    _write(file, block)
            with _told(path):
                os.fsync(descriptor)
        with _told(path):
            beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth a system call."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) >= _BLOCK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _write(file: io.FileIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fix = "make room there, or name another folder"
        raise StorageError(str(path), error.strerror or str(error), "must be writable", fix) from None
