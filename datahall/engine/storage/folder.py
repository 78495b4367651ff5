"""A store that is a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from datahall.engine.errors import StoreFailed
from datahall.engine.storage.store import quoted


@dataclass(frozen=True)
class FolderStore:
    """Pieces are files below `root`, an absolute path."""

    torn: ClassVar[bool] = True

    root: Path

    def read(self, key: str) -> bytes | None:
        """The file's content. Raises StoreFailed; a folder in its place, or a bad sector, is damage."""
        file = self.root / key
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreFailed(
                f"backend: {file}: cannot be read ({error.strerror}); see to its owner and mode",
                damaged=not isinstance(error, PermissionError),
            ) from None

    def read_version(self, key: str) -> tuple[bytes | None, str | None]:
        """The content; of files nobody can tell who wrote them last."""
        return self.read(key), None

    def write(self, key: str, content: bytes, *, replacing: str | None = None) -> str | None:
        """Replace the file. Raises StoreFailed."""
        file = self.root / key
        try:
            write_atomically(file, content)
        except OSError as error:
            raise StoreFailed(
                f"backend: {file}: cannot be written ({error.strerror}); what it held is as it was; "
                "make room or see to the folder's owner and mode, and run it again"
            ) from None
        return None

    def append(self, key: str, content: bytes) -> None:
        """Add to a file that is there. Raises StoreFailed."""
        file = self.root / key
        try:
            append_durably(file, content)
        except OSError as error:
            raise StoreFailed(
                f"backend: {file}: cannot be added to ({error.strerror}); what it held is as it was; "
                "make room or see to its owner and mode, and run it again"
            ) from None

    def delete(self, key: str) -> None:
        """Remove the file. Raises StoreFailed."""
        file = self.root / key
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed(f"backend: {file}: cannot be removed ({error.strerror}); remove it") from None

    def names(self, folder: str) -> dict[str, float]:
        """Files of a folder, but for those that are half written. Raises StoreFailed."""
        try:
            with os.scandir(self.root / folder) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
                return {
                    entry.name: _modified(entry) for entry in sorted(entries, key=_name) if entry.is_file()
                }
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise StoreFailed(
                f"backend: {self.root / folder}: cannot be listed ({error.strerror}); see to its mode"
            ) from None

    @contextmanager
    def exclusive(self, folder: str) -> Iterator[None]:
        """Lock the folder. Raises StoreFailed."""
        path = self.root / folder
        try:
            path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StoreFailed(
                f"backend: {path}: cannot be made ({error.strerror}); see to its owner and mode"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process that was forked meanwhile has it open too
            os.close(descriptor)

    def where(self, key: str) -> str:
        """The file's path."""
        return str(self.root / key)

    def copying(self, source: str, target: str) -> str:
        """By `cp`."""
        return f"cp {quoted(self.where(source))} {quoted(self.where(target))}"

    def removing(self, key: str) -> str:
        """By `rm`."""
        return f"rm {quoted(self.where(key))}"


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _modified(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # it went just now
        return 0.0


def write_atomically(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `file` so that a crash leaves the old or the new content, whole and on disk, with its mode."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def append_durably(file: Path, content: bytes) -> None:
    """Add to a file that is there; where that fails it is cut back to what it held."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fdatasync(descriptor)
        except BaseException:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
