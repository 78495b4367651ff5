"""How a sharded data set is laid out: SPLIT-NNNNN.tar, how many records each has, and the labels."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from workloads.data.content import AGAIN
from workloads.data.shards import SUFFIX, unpack
from workloads.errors import CorruptDataError

SPLITS = ("train", "test")
INDEX, LABELS = "index.json", "labels.json"

R = TypeVar("R")

_COUNTS = TypeAdapter(dict[str, NonNegativeInt])
_NAME = re.compile(r"(train|test)-\d{5,}\.tar")


def shard_name(split: str, number: int) -> str:
    """The name of a split's shard."""
    return f"{split}-{number:05d}{SUFFIX}"


def split_of(name: str) -> str | None:
    """The split whose shard `name` is, or None for any other file."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def as_lines(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """A data set's files with its shards, where it has some, as SPLIT.jsonl: a record a line.

    Raises CorruptDataError naming a shard that is damaged, or is not what INDEX says.
    """
    if INDEX not in files:
        return files
    counts = records_by_shard(files[INDEX], files)
    lines: dict[str, list[bytes]] = {split: [] for split in SPLITS}
    for name in sorted(counts, key=lambda name: (len(name), name)):
        lines[str(split_of(name))] += counted(json_of(files[name], name), name, counts)
    others = {name: content for name, content in files.items() if not split_of(name)}
    return {**others, **{f"{split}.jsonl": b"\n".join([*found, b""]) for split, found in lines.items()}}


def json_of(shard: bytes, name: str) -> list[bytes]:
    """The .json of each record; raises CorruptDataError naming the shard where it is damaged or has none."""
    found = []
    for key, parts in unpack(shard, name):
        if "json" not in parts:
            raise CorruptDataError(name, f"record {key}", "must have a .json", AGAIN)
        found.append(parts["json"])
    return found


def records_by_shard(index: bytes, files: Iterable[str]) -> dict[str, int]:
    """How many records each shard among `files` has, as INDEX says.

    Raises CorruptDataError where it does not, or knows of others.
    """
    try:
        counts = _COUNTS.validate_json(index)
    except ValidationError as error:
        rule = f"must be JSON with each shard's number of records ({error.errors()[0]['msg']})"
        raise CorruptDataError(INDEX, f"{len(index)} bytes", rule, AGAIN) from None
    for name in sorted(counts.keys() ^ set(filter(split_of, files))):
        missing = INDEX if name not in counts else "the data set"
        raise CorruptDataError("--data", name, f"must be a shard that is in {missing}, too", AGAIN)
    return counts


def counted(records: Sequence[R], name: str, counts: Mapping[str, int]) -> Sequence[R]:
    """A shard's records; raises CorruptDataError where they are not as many as INDEX says."""
    if len(records) != counts[name]:
        raise CorruptDataError(name, f"{len(records)} records", f"must hold {counts[name]} records", AGAIN)
    return records
