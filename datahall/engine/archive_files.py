"""The files in an archive file (tar, tar.gz, zip), by the name that it has there."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from datahall.engine.errors import ProgramFailed, Unsupported

ARCHIVE_FILES: Final = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
_ZIPS: Final = (".zip", ".jar")
_MALFORMED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, RuntimeError, ValueError)


def is_archive_file(path: str) -> bool:
    """Whether a path ends like an archive file's."""
    return path.endswith(ARCHIVE_FILES)


def members(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Its files in order, folders left out.

    Raises ProgramFailed, with `path`, for what is no archive, Unsupported for links and devices in it.
    """
    try:
        yield from _zipped(content) if path.endswith(_ZIPS) else _tarred(path, content)
    except _MALFORMED as error:
        raise ProgramFailed(f"archive: {path}: cannot be read ({error}); make it again") from None


def _zipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield os.path.normpath(info.filename), archive.read(info)


def _tarred(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    mode = "r:gz" if path.endswith(("gz",)) else "r:"
    with tarfile.open(fileobj=io.BytesIO(content), mode=mode) as archive:  # type: ignore[call-overload]
        for info in archive:
            if info.isdir():
                continue
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is None:
                raise Unsupported(
                    f"archive: {path}: {info.name}: neither a file nor a folder; leave links out of it"
                )
            yield os.path.normpath(info.name), stream.read()
