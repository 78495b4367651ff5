"""Records of a sharded data set straight from S3: each rank its shards, the next ones on their way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from workloads.data.manifest import File, Manifest
from workloads.data.prefetch import AHEAD, fetch, read_file
from workloads.data.shards import Sample, unpack
from workloads.data.splits import INDEX, records_by_shard, split_of
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.objects import Bucket


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A split as one of `world_size` ranks reads it: every record once an epoch, by one of them.

    The order is a function of (seed, epoch), shards among each other and records within their shard, so
    a reader that has taken `start` records of an epoch goes on with the same ones.
    """

    bucket: Bucket
    manifest: Manifest
    split: str = "train"
    seed: int = 1
    rank: int = 0
    world_size: int = 1
    ahead: int = AHEAD
    cache: Path | None = None

    def shards(self, epoch: int) -> list[File]:
        """This rank's shards in their order; raises InvalidInputError where a rank would have none."""
        files = [file for file in self.manifest.files if split_of(file.name) == self.split]
        if len(files) < self.world_size:
            rule = f"must have a shard and more for each of {self.world_size} ranks; it has {len(files)}"
            raise InvalidInputError("--data", self.manifest.name, rule, "make smaller shards")
        Random(f"{self.seed} {epoch}").shuffle(files)  # noqa: S311 - no secret hangs on it
        return files[self.rank :: self.world_size]

    def samples(self, epoch: int = 0, *, start: int = 0) -> Iterator[Sample]:
        """The samples of an epoch from number `start` of this rank's.

        Raises CorruptDataError naming a shard that is missing, damaged, or has not its number of records.
        """
        counts, shards, skipped = self._counts(), self.shards(epoch), 0
        while shards and skipped + counts[shards[0].name] <= start:
            skipped += counts[shards.pop(0).name]
        for file, content in fetch(self.bucket, self.manifest, shards, ahead=self.ahead, cache=self.cache):
            found = list(unpack(content, file.name))
            if len(found) != counts[file.name]:
                rule, fix = f"must hold {counts[file.name]} records", "put the data set there again"
                raise CorruptDataError(file.name, f"{len(found)} records", rule, fix)
            Random(f"{self.seed} {epoch} {file.name}").shuffle(found)  # noqa: S311
            yield from found[max(0, start - skipped) :]
            skipped += len(found)

    def records(self, epoch: int = 0, *, start: int = 0) -> Iterator[dict[str, Any]]:
        """The same as objects."""
        for _, parts in self.samples(epoch, start=start):
            record: dict[str, Any] = json.loads(parts["json"])
            yield record

    def _counts(self) -> dict[str, int]:
        index = [file for file in self.manifest.files if file.name == INDEX]
        if not index:
            rule, fix = "must be a data set in shards", "make it by python -m workloads.pipeline"
            raise InvalidInputError("--data", self.manifest.name, rule, fix)
        return records_by_shard(read_file(self.bucket, self.manifest, index[0]))
