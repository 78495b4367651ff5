"""IDX, MNIST's file format, as on its page: a magic number, the sizes, then the values.

Magic: two zero bytes, the type (0x08, unsigned byte) and the number of dimensions; each size is a
big-endian unsigned 32-bit integer; the values follow in C order.
"""

import struct
from math import prod

import numpy as np
from numpy.typing import NDArray

from workloads.errors import CorruptDataError

_UNSIGNED_BYTE = 0x08
_FIX = "fetch or write the file again"

Bytes = NDArray[np.uint8]


def write_idx(array: Bytes) -> bytes:
    """`array` (1 to 255 dimensions) as an IDX file."""
    magic = bytes((0, 0, _UNSIGNED_BYTE, array.ndim))
    return magic + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes(order="C")


def read_idx(content: bytes, *, name: str, ndim: int) -> Bytes:
    """The array in an IDX file of `ndim` dimensions; `name` names it in CorruptDataError."""
    magic = bytes((0, 0, _UNSIGNED_BYTE, ndim))
    if content[:4] != magic:
        rule = f"must begin with the IDX magic number {magic.hex(' ')} (unsigned bytes, {ndim} dimensions)"
        raise CorruptDataError(name, content[:4].hex(" ") or "empty", rule, _FIX)
    header = 4 + 4 * ndim
    if len(content) < header:
        rule = f"must have a header of {header} bytes"
        raise CorruptDataError(name, f"{len(content)} bytes", rule, _FIX)
    shape = struct.unpack(f">{ndim}I", content[4:header])
    if len(content) - header != prod(shape):
        sizes = " x ".join(map(str, shape))
        rule = f"must hold the {prod(shape)} values that its sizes ({sizes}) announce"
        raise CorruptDataError(name, f"{len(content) - header} values", rule, _FIX)
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
