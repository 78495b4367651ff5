"""Hashes of assets and archives, as the official engine computes them.

An asset's is the SHA-256 of its bytes, an archive file's that of the file; a folder's or a mapping's that of
a tar of its files: in order of their names, mode 0600, no owner, no time, USTAR headers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from datahall.engine.errors import ProgramFailed, Unsupported
from datahall.engine.values import Archive, Asset, Secret, Value, transform

_T = TypeVar("_T")
_ARCHIVE_FILES = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
_BOOKKEEPING = ".pulumi"
_BLOCK = 512
_NAME, _PREFIX = 100, 155  # lengths of fields in a USTAR header


def hashed(value: Value, folder: Path) -> Value:
    """`value` with the hash of each asset and archive that has none; relative paths are below `folder`.

    Raises ProgramFailed for what cannot be read, Unsupported for what is remote.
    """

    def leaf(item: Value) -> Value:
        if isinstance(item, Secret):
            return Secret(hashed(item.value, folder))
        if isinstance(item, Asset) and not item.hash:
            return replace(item, hash=hashlib.sha256(_content(item, folder)).hexdigest())
        if isinstance(item, Archive) and not item.hash:
            assets = (
                {k: hashed(v, folder) for k, v in item.assets.items()} if item.assets is not None else None
            )
            return replace(item, assets=assets, hash=_archive_hash(item, folder))
        return item

    return transform(value, leaf)


def _content(asset: Asset, folder: Path) -> bytes:
    _refuse_remote(asset)
    if asset.path:
        return _read(folder / asset.path, lambda file: file.read_bytes())
    return (asset.text or "").encode()


def _archive_hash(archive: Archive, folder: Path) -> str:
    _refuse_remote(archive)
    if archive.path.endswith(_ARCHIVE_FILES):
        content = _read(folder / archive.path, lambda file: file.read_bytes())
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    seen: set[str] = set()
    for name, content in _files(archive, folder):
        if name not in seen:
            seen.add(name)
            digest.update(_header(name, len(content)))
            digest.update(content)
            digest.update(bytes(-len(content) % _BLOCK))
    digest.update(bytes(2 * _BLOCK))
    return digest.hexdigest()


def _files(archive: Archive, folder: Path) -> Iterator[tuple[str, bytes]]:
    _refuse_remote(archive)
    if archive.assets is None:
        root = folder / archive.path
        if archive.path.endswith(_ARCHIVE_FILES):
            raise Unsupported(f"archive: {archive.path}: an archive file within an archive; unpack it first")
        if not root.is_dir():
            raise ProgramFailed(
                f"archive: {root}: neither a folder nor a file {', '.join(_ARCHIVE_FILES)}; correct the path"
            )
        for file in _walk(root):
            yield file.relative_to(root).as_posix(), _read(file, lambda path: path.read_bytes())
        return
    for name in sorted(archive.assets, key=str.encode):
        member = archive.assets[name]
        if isinstance(member, Asset):
            yield name, _content(member, folder)
            continue
        for inner, content in _files(member, folder):
            yield os.path.normpath(f"{name}/{inner}"), content


def _walk(folder: Path) -> Iterator[Path]:
    names: list[str] = sorted(_read(folder, os.listdir), key=os.fsencode)
    for name in names:
        path = folder / name
        if name == _BOOKKEEPING:
            continue
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _walk(path)


def _read(path: Path, read: Callable[[Path], _T]) -> _T:
    try:
        return read(path)
    except OSError as error:
        raise ProgramFailed(f"asset: {path}: {error.strerror}; correct the path") from None


def _refuse_remote(item: Asset | Archive) -> None:
    if item.uri:
        raise Unsupported(f"asset: {item.uri}: remote assets: not supported by the embedded engine")


def _header(name: str, size: int) -> bytes:
    prefix, last = _split(name)
    fields = [
        last.ljust(_NAME, b"\0"),
        b"0000600\0",
        b"0000000\0" * 2,  # owner, group
        f"{size:011o}\0".encode(),
        b"00000000000\0",  # time
        b" " * 8,  # the sum, while it is computed
        b"0",
        bytes(_NAME),
        b"ustar\00000",
        bytes(64),
        b"0000000\0" * 2,  # device
        prefix.ljust(_PREFIX, b"\0"),
        bytes(12),
    ]
    fields[5] = f"{sum(b''.join(fields)):06o}\0 ".encode()
    return b"".join(fields)


def _split(name: str) -> tuple[bytes, bytes]:
    """A name as (prefix, rest). Raises Unsupported for one that USTAR cannot say."""
    if name.isascii():
        if len(name) <= _NAME:
            return b"", name.encode()
        prefix = name[: _PREFIX + 1].rpartition("/")[0]
        rest = name[len(prefix) + 1 :]
        if prefix and 0 < len(rest) <= _NAME:
            return prefix.encode(), rest.encode()
    raise Unsupported(f"archive: {name}: too long, or not ASCII, for the name of a file in it; rename it")
