"""Equal texts, and nearly equal ones by MinHash (Broder, 1997): 16 bands of 4 hashes find candidates,
which are then compared for real."""

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from workloads.fingerprint import sha256
from workloads.pipeline.config import DuplicatesConfig
from workloads.pipeline.record import Record, Reject

_BANDS, _ROWS = 16, 4
_WORD = re.compile(r"\w+")
_PRIME = np.uint64(2**31 - 1)

Shingles = NDArray[np.uint64]


def deduplicate(records: Iterator[Record], config: DuplicatesConfig, reject: Reject) -> Iterator[Record]:
    """The first of each group of same texts; the others are rejected, and say whose duplicate they are."""
    seen: dict[str, str] = {}
    near = _Near(config.near) if config.near else None
    for record in records:
        words = _WORD.findall(record.text.casefold())
        name = sha256(" ".join(words).encode() or record.text.encode())
        if name in seen:
            reject("duplicate", record.origin, {"of": seen[name], **record.fields})
            continue
        seen[name] = record.id
        other = near.find_or_add(record.id, words) if near else None
        if other:
            reject("near duplicate", record.origin, {"of": other, **record.fields})
        else:
            yield record


class _Near:
    """The texts so far, by bands of their MinHash."""

    def __init__(self, least: float) -> None:
        self._least = least
        random = np.random.default_rng(11)
        self._factors = random.integers(1, int(_PRIME), (_BANDS * _ROWS, 1), dtype=np.uint64)
        self._offsets = random.integers(0, int(_PRIME), (_BANDS * _ROWS, 1), dtype=np.uint64)
        self._buckets: dict[tuple[int, bytes], list[int]] = {}
        self._kept: list[tuple[str, Shingles]] = []

    def find_or_add(self, id: str, words: list[str]) -> str | None:
        """The id of a text so far that is nearly this one; else None, and this one is remembered."""
        shingles = _shingles(words)
        bands = self._bands(shingles)
        candidates = sorted({number for band in bands for number in self._buckets.get(band, ())})
        for number in candidates:
            other, theirs = self._kept[number]
            if _overlap(shingles, theirs) >= self._least:
                return other
        for band in bands:
            self._buckets.setdefault(band, []).append(len(self._kept))
        self._kept.append((id, shingles))
        return None

    def _bands(self, shingles: Shingles) -> list[tuple[int, bytes]]:
        lowest = ((self._factors * shingles + self._offsets) % _PRIME).min(axis=1)
        return [(band, lowest[band * _ROWS : (band + 1) * _ROWS].tobytes()) for band in range(_BANDS)]


def _shingles(words: list[str]) -> Shingles:
    """Hashes of 31 bits of the word triples, each once; of all words where there are fewer."""
    triples = {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
    hashes = [zlib.crc32(triple.encode()) & 0x7FFFFFFF for triple in triples]
    return np.unique(np.array(hashes, dtype=np.uint64))


def _overlap(one: Shingles, other: Shingles) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
