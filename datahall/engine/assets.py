"""Hashes of assets and archives, as the official engine computes them.

An asset's is the SHA-256 of its bytes, an archive file's that of the file; a folder's or a mapping's that of
a tar of its files, in order of their names. What lies in an archive file in a mapping is part of that.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from datahall.engine import tar_blocks
from datahall.engine.archive_files import ARCHIVE_FILES, is_archive_file, members
from datahall.engine.errors import ProgramFailed
from datahall.engine.remote_assets import fetch, path_of
from datahall.engine.values import Archive, Asset, Secret, Value, transform

_T = TypeVar("_T")
_BOOKKEEPING = ".pulumi"


def hashed(value: Value, folder: Path) -> Value:
    """`value` with the hash of each asset and archive that has none; relative paths are below `folder`.

    Raises ProgramFailed for what cannot be read, Unsupported for what lies on another machine.
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
    if asset.uri:
        return fetch(asset.uri)
    if asset.path:
        return _read(folder / asset.path, lambda file: file.read_bytes())
    return (asset.text or "").encode()


def _archive_hash(archive: Archive, folder: Path) -> str:
    packed = _packed(archive, folder)
    if packed is not None:
        return hashlib.sha256(packed).hexdigest()
    digest = hashlib.sha256()
    seen: set[str] = set()
    for name, content in _files(archive, folder):
        if name not in seen:
            seen.add(name)
            digest.update(tar_blocks.member(name, content))
    digest.update(tar_blocks.end())
    return digest.hexdigest()


def _packed(archive: Archive, folder: Path) -> bytes | None:
    """The bytes of an archive file; None for a folder and a mapping."""
    if archive.uri:
        if not is_archive_file(path_of(archive.uri)):
            kinds = ", ".join(ARCHIVE_FILES)
            raise ProgramFailed(
                f"archive: {path_of(archive.uri)}: no archive file ({kinds}); correct the URI"
            )
        return fetch(archive.uri)
    if archive.assets is None and is_archive_file(archive.path):
        return _read(folder / archive.path, lambda file: file.read_bytes())
    return None


def _files(archive: Archive, folder: Path) -> Iterator[tuple[str, bytes]]:
    packed = _packed(archive, folder)
    if packed is not None:
        yield from members(path_of(archive.uri) if archive.uri else archive.path, packed)
    elif archive.assets is None:
        root = folder / archive.path
        if not root.is_dir():
            raise ProgramFailed(
                f"archive: {root}: neither a folder nor a file {', '.join(ARCHIVE_FILES)}; correct the path"
            )
        for file in _walk(root):
            yield file.relative_to(root).as_posix(), _read(file, lambda path: path.read_bytes())
    else:
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
