"""The last stage: records divided by their texts' hashes, in an order that the hashes give, as shards."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workloads.data.content import held_out
from workloads.data.shards import Sample, pack
from workloads.data.splits import INDEX, LABELS, SPLITS, shard_name
from workloads.errors import InvalidInputError
from workloads.files import write_whole
from workloads.fingerprint import canonical, sha256
from workloads.pipeline.config import PipelineConfig
from workloads.pipeline.record import LABEL, TEXT

REPORT = "report.json"


@dataclass(frozen=True)
class Folder(Mapping[str, bytes]):
    """Files of a folder by name, each read when it is asked for."""

    path: Path
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def shard(
    records: Path, config: PipelineConfig, folder: Path, report: Mapping[str, object]
) -> tuple[Folder, dict[str, int]]:
    """The records in the file `records` as shards in `folder`, and how many there are of each split.

    A record is held out by its text alone, so the same text is always on the same side. Raises
    InvalidInputError where a split would be empty, or a label be only in what is held out.
    """
    places = _places(records, config.shard.held_out_of)
    index: dict[str, int] = {}
    seen: dict[str, set[str]] = {split: set() for split in SPLITS}
    for split in SPLITS:
        if not places[split]:
            rule = f"must leave a record and more for {split}"
            raise InvalidInputError("pipeline", config.name, rule, "give more records")
        for number, chosen in enumerate(_batched(sorted(places[split]), config.shard.records)):
            name = shard_name(split, number)
            samples = list(_samples(records, chosen, config, seen[split]))
            write_whole(folder / name, [pack(samples)])
            index[name] = len(samples)
    extra: dict[str, object] = {INDEX: index, REPORT: report}
    if config.label:
        unknown = sorted(seen["test"] - seen["train"])
        if unknown or len(seen["train"]) < 2:
            rule = "must leave two labels and more to learn, and each held-out one among them"
            raise InvalidInputError("pipeline", config.name, rule, "give more records")
        extra[LABELS] = sorted(seen["train"])
    for name, document in extra.items():
        write_whole(folder / name, [canonical(document)])
    counts = {split: len(places[split]) for split in SPLITS}
    if config.label:
        counts["classes"] = len(seen["train"])
    return Folder(folder, (*index, *extra)), counts


def _places(records: Path, of: int) -> dict[str, list[tuple[str, int]]]:
    """Where each record's line begins, by split, with the hash that orders it."""
    places: dict[str, list[tuple[str, int]]] = {split: [] for split in SPLITS}
    with records.open("rb") as file:
        at = 0
        for line in file:
            text: str = json.loads(line)["fields"][TEXT]
            places["test" if held_out(text, of) else "train"].append((sha256(line), at))
            at += len(line)
    return places


def _samples(
    records: Path, chosen: Iterable[tuple[str, int]], config: PipelineConfig, labels: set[str]
) -> Iterator[Sample]:
    names = (TEXT, *((LABEL,) if config.label else ()), *config.shard.keep)
    with records.open("rb") as file:
        for _, at in chosen:
            file.seek(at)
            record = json.loads(file.readline())
            fields = {name: record["fields"].get(name) for name in names}
            labels.add(str(fields.get(LABEL)))
            yield record["id"], {"json": canonical(fields)}


def _batched(places: list[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    for at in range(0, len(places), size):
        yield places[at : at + size]
