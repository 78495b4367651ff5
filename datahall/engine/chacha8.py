"""ChaCha8Rand, the random numbers of Go's math/rand/v2: the official engine's names from the same seed.

Source: the C2SP specification chacha8rand. For names; nothing secret comes from it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MASK = 0xFFFFFFFF
_MOST = 2**64 - 1
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_ROUNDS = 4  # double ones
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_BLOCKS = 4  # at a time, and as often until the last 32 bytes become the next key


class ChaCha8:
    """Random numbers from a key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._words = _words(key)
        self._left = b""

    def uint64(self) -> int:
        """The next number of 64 bits."""
        return next(self._words)

    def below(self, limit: int) -> int:
        """A number from 0 up to a limit, each as likely."""
        most = _MOST - _MOST % limit
        while (number := self.uint64()) >= most:
            pass
        return number % limit

    def read(self, size: int) -> bytes:
        """Bytes; those of a number that is not used up come first in the next call."""
        while len(self._left) < size:
            self._left += struct.pack("<Q", self.uint64())
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def _words(key: bytes) -> Iterator[int]:
    while True:
        chunk = b"".join(_block(key, counter) for counter in range(0, _BLOCKS * _BLOCKS, _BLOCKS))
        key = chunk[-32:]
        for (word,) in struct.iter_unpack("<Q", chunk[:-32]):
            yield word


def _block(key: bytes, counter: int) -> bytes:
    """256 bytes: four blocks of ChaCha with 8 rounds, word by word side by side."""
    keys = struct.unpack("<8I", key)
    blocks = [_rounds([*_CONSTANTS, *keys, counter + index, 0, 0, 0]) for index in range(_BLOCKS)]
    for block in blocks:
        for index, word in enumerate(keys, len(_CONSTANTS)):
            block[index] = (block[index] + word) & _MASK
    return struct.pack("<64I", *(block[row] for row in range(16) for block in blocks))


def _rounds(state: list[int]) -> list[int]:
    for _ in range(_ROUNDS):
        for quarter in (*_COLUMNS, *_DIAGONALS):
            _quarter(state, *quarter)
    return state


def _quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & _MASK
        mixed = s[z] ^ s[x]
        s[z] = ((mixed << bits) | (mixed >> (32 - bits))) & _MASK
