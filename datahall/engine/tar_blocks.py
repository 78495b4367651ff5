"""Headers of a tar as Go's archive/tar writes them: USTAR, and PAX for names that USTAR cannot say.

Mode 0600, no owner, no time. Sources: POSIX.1-2008, `pax`; Go's archive/tar for what it leaves open.
"""

from __future__ import annotations

import os
from typing import Final

BLOCK: Final = 512
_NAME, _PREFIX = 100, 155  # lengths of fields in a USTAR header


def member(name: str, content: bytes) -> bytes:
    """A file, with its headers."""
    header = _ustar(name, len(content)) or _pax(name, len(content))
    return header + _padded(content)


def end() -> bytes:
    """What ends a tar."""
    return bytes(2 * BLOCK)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def _ustar(name: str, size: int) -> bytes | None:
    if not name.isascii() or "\0" in name:
        return None
    if len(name) <= _NAME:
        return _header(name.encode(), b"", size)
    prefix = name[: _PREFIX + 1].rpartition("/")[0]
    rest = name[len(prefix) + 1 :]
    if prefix and 0 < len(rest) <= _NAME:
        return _header(rest.encode(), prefix.encode(), size)
    return None


def _pax(name: str, size: int) -> bytes:
    folder, _, last = name.rpartition("/")
    beside = os.path.normpath(f"{folder}/PaxHeaders.0/{last}" if folder else f"PaxHeaders.0/{last}")
    record = _record("path", name)
    short = _ascii(beside)[:_NAME].rstrip(b"/")
    return _header(short, b"", len(record), kind=b"x") + _padded(record) + _header(_cut(name), b"", size)


def _record(key: str, value: str) -> bytes:
    """`LENGTH key=value`, where the length counts its own digits, too."""
    body = f" {key}={value}\n".encode("utf-8", "surrogateescape")
    length = len(body)
    while length != len(str(length)) + len(body):
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "ignore").replace(b"\0", b"")


def _cut(name: str) -> bytes:
    """As much of a name as its field holds; a slash at its end would make a folder of it."""
    whole = _ascii(name)
    field = bytearray(whole[:_NAME])
    if len(whole) > _NAME and field.endswith(b"/"):
        field[len(whole[: _NAME - 1].rstrip(b"/"))] = 0
    return bytes(field)


def _header(name: bytes, prefix: bytes, size: int, *, kind: bytes = b"0") -> bytes:
    extended = kind != b"0"
    fields = [
        name.ljust(_NAME, b"\0"),
        b"0000000\0" if extended else b"0000600\0",
        b"0000000\0" * 2,  # owner, group
        f"{size:011o}\0".encode(),
        b"00000000000\0",  # time
        b" " * 8,  # the sum, while it is computed
        kind,
        bytes(_NAME),
        b"ustar\00000",
        bytes(64),
        bytes(16) if extended else b"0000000\0" * 2,  # device
        prefix.ljust(_PREFIX, b"\0"),
        bytes(12),
    ]
    fields[5] = f"{sum(b''.join(fields)):06o}\0 ".encode()
    return b"".join(fields)
