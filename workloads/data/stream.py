"""Records of a sharded data set straight from S3, in an order that does not hang on how many read it.

An epoch's order is a function of (seed, epoch). Its shards are shuffled and laid end to end; that row of
records is cut into `lanes` of equal length, and record i of the epoch is the next one of lane i mod lanes. In
a lane, records are shuffled among those of a window of buffer / lanes, one window after the other. So ranks
that divide the lanes read shards of their own (those at a lane's ends twice), and a reader that goes on from
any record needs nothing but its number.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Generic, TypeVar

from workloads.data.manifest import File, Manifest
from workloads.data.prefetch import fetch, read_file
from workloads.data.splits import INDEX, counted, records_by_shard, split_of
from workloads.errors import InvalidInputError
from workloads.objects import Bucket

R = TypeVar("R")

_AHEAD = 2
"""Shards of a lane that are on their way, or wait to be taken."""


@dataclass(frozen=True)
class Source:
    """A sharded data set in its bucket."""

    bucket: Bucket
    manifest: Manifest

    def shards(self, split: str = "train") -> list[File]:
        """A split's shards by number."""
        found = [file for file in self.manifest.files if split_of(file.name) == split]
        return sorted(found, key=lambda file: (len(file.name), file.name))

    def counts(self) -> dict[str, int]:
        """How many records each shard has; raises InvalidInputError for a data set without shards."""
        index = [file for file in self.manifest.files if file.name == INDEX]
        if not index:
            rule = "must be a data set in shards to be streamed"
            fix = "make one by python -m workloads.pipeline, or leave --stream out"
            raise InvalidInputError("--data", self.manifest.name, rule, fix)
        content = read_file(self.bucket, self.manifest, index[0])
        return records_by_shard(content, (file.name for file in self.manifest.files))

    def read(self, files: Sequence[File]) -> Iterator[tuple[File, bytes]]:
        """Files with their contents, in order: see `prefetch.fetch`."""
        return fetch(self.bucket, self.manifest, files)


@dataclass(frozen=True, kw_only=True)
class Stream(Generic[R]):
    """The training split's records, `counts` of each shard, which `unpack` makes of a shard and its name."""

    source: Source
    counts: Mapping[str, int]
    unpack: Callable[[bytes, str], Sequence[R]]
    seed: int
    lanes: int
    buffer: int

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(self.counts[file.name] for file in self.source.shards())

    def batches(self, epoch: int, size: int, mine: Sequence[int], *, start: int = 0) -> Iterator[list[R]]:
        """Of each whole batch of an epoch from batch `start` the records at places `mine`, which ascend.

        `size` is a multiple of `lanes`. Raises CorruptDataError naming a shard that is missing, damaged, or
        has not its number of records, StorageError for an S3 that does not answer.
        """
        wanted, needed = set(mine), {place % self.lanes for place in mine}
        readers = {lane: self.lane(epoch, lane, start=start * size // self.lanes) for lane in needed}
        for _ in range(start, self.records // size):
            taken = [
                (place, next(readers[place % self.lanes]))
                for place in range(size)
                if place % self.lanes in needed
            ]
            yield [record for place, record in taken if place in wanted]

    def lane(self, epoch: int, lane: int, *, start: int = 0) -> Iterator[R]:
        """A lane's records from number `start` of them."""
        length, window = self.records // self.lanes, max(1, self.buffer // self.lanes)
        first = start // window * window
        stored = self._stored(epoch, lane * length + first, (lane + 1) * length)
        for at in range(first, length, window):
            held = list(islice(stored, min(window, length - at)))
            Random(f"{self.seed} {epoch} {lane} {at}").shuffle(held)  # noqa: S311 - no secret hangs on it
            yield from held[max(0, start - at) :]

    def _stored(self, epoch: int, first: int, end: int) -> Iterator[R]:
        """Records `first` to `end` of an epoch's row of shards, as they lie there."""
        row = self.source.shards()
        Random(f"{self.seed} {epoch}").shuffle(row)  # noqa: S311
        pieces, at = [], 0
        for file in row:
            low, high = max(first - at, 0), min(end - at, self.counts[file.name])
            if low < high:
                pieces.append((file, low, high))
            at += self.counts[file.name]
        files = [file for file, _, _ in pieces]
        fetched = fetch(self.source.bucket, self.source.manifest, files, ahead=_AHEAD)
        for (file, content), (_, low, high) in zip(fetched, pieces, strict=True):
            yield from counted(self.unpack(content, file.name), file.name, self.counts)[low:high]


def lanes_of(batch: int, most: int, shards: int) -> int:
    """As many lanes as divide a batch, no more than `most` and than there are shards."""
    return next(lanes for lanes in range(min(most, shards, batch), 0, -1) if batch % lanes == 0)
