"""Shards: samples in plain tar files as WebDataset lays them out, KEY.EXTENSION for each part of a sample.

Written by tarfile with every changing field at zero, so that the same samples are the same bytes. Read
by hand: a header is 512 bytes (POSIX ustar), and that is all there is to it.
"""

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping

from workloads.data.content import AGAIN
from workloads.errors import CorruptDataError

Sample = tuple[str, Mapping[str, bytes]]
"""A key, and its parts by extension."""

SUFFIX = ".tar"
_BLOCK = 512


def pack(samples: Iterable[Sample]) -> bytes:
    """The samples as one shard, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for key, parts in samples:
            for extension, content in parts.items():
                member = tarfile.TarInfo(f"{key}.{extension}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def unpack(content: bytes, name: str) -> Iterator[Sample]:
    """The samples of a shard called `name`, in their order; raises CorruptDataError where it is damaged."""
    key, parts = "", dict[str, bytes]()
    for member, body in _members(memoryview(content), name):
        stem, _, extension = member.partition(".")
        if stem != key and parts:
            yield key, parts
            parts = {}
        key = stem
        parts[extension] = body
    if parts:
        yield key, parts


def _members(content: memoryview, name: str) -> Iterator[tuple[str, bytes]]:
    at = 0
    while True:
        header = bytes(content[at : at + _BLOCK])
        if len(header) < _BLOCK:
            raise CorruptDataError(name, f"{len(content)} bytes", "must end with an empty block", AGAIN)
        if not header[0]:
            return
        size = _size(header, name, at)
        at += _BLOCK
        body = bytes(content[at : at + size])
        if len(body) < size:
            rule = f"must hold {size} bytes for the member at {at}"
            raise CorruptDataError(name, f"{len(body)} bytes", rule, AGAIN)
        yield header[:100].rstrip(b"\0").decode(errors="replace"), body
        at += -(-size // _BLOCK) * _BLOCK


def _size(header: bytes, name: str, at: int) -> int:
    """The size in a header whose checksum is right: that of its bytes, its own eight counted as spaces."""
    try:
        size, recorded = int(header[124:136].rstrip(b" \0"), 8), int(header[148:156].rstrip(b" \0"), 8)
    except ValueError:
        size, recorded = 0, -1
    if sum(header) - sum(header[148:156]) + 8 * 32 != recorded or header[156:157] not in (b"0", b"\0"):
        rule = "must be the header of a file in a tar archive"
        raise CorruptDataError(name, f"byte {at}", rule, AGAIN)
    return size
