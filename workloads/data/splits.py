"""How a sharded data set is laid out: SPLIT-NNNNN.tar, how many records each has, and the labels."""

import json
import re
from collections.abc import Mapping

from workloads.data.shards import SUFFIX, unpack

SPLITS = ("train", "test")
INDEX, LABELS = "index.json", "labels.json"

_NAME = re.compile(r"(train|test)-\d{5,}\.tar")


def shard_name(split: str, number: int) -> str:
    """The name of a split's shard."""
    return f"{split}-{number:05d}{SUFFIX}"


def split_of(name: str) -> str | None:
    """The split whose shard `name` is, or None for any other file."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def as_lines(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """A data set's files with its shards, where it has some, as SPLIT.jsonl: a record a line."""
    if INDEX not in files:
        return files
    lines: dict[str, list[bytes]] = {split: [] for split in SPLITS}
    for name in sorted(files, key=lambda name: (len(name), name)):
        split = split_of(name)
        if split:
            lines[split] += [parts["json"] for _, parts in unpack(files[name], name)]
    others = {name: content for name, content in files.items() if not split_of(name)}
    return {**others, **{f"{split}.jsonl": b"\n".join([*found, b""]) for split, found in lines.items()}}


def records_by_shard(index: bytes) -> dict[str, int]:
    """How many records each shard has, as INDEX says."""
    counts: dict[str, int] = json.loads(index)
    return counts
