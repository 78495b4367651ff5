"""Compressed pieces, known by how they begin and not by their names, as the official engine knows them."""

from __future__ import annotations

import gzip
import zlib

from datahall.engine.errors import Unsupported

GZIP = ".gz"
ZSTD = ".zst"
_GZIP_BEGINS = b"\x1f\x8b\x08"
_ZSTD_BEGINS = b"\x28\xb5\x2f\xfd"


def packed(content: bytes) -> bytes:
    """Compress with gzip; the same content gives the same bytes."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def unpacked(where: str, raw: bytes) -> bytes:
    """The content, compressed or not. Raises ValueError for a damaged piece, Unsupported for zstd."""
    if raw.startswith(_ZSTD_BEGINS):
        raise Unsupported(f"state: {where}: compressed with zstd; uncompress it first: zstd -d")
    if not raw.startswith(_GZIP_BEGINS):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"gzip: {error}") from None
