"""The first stage: every item fetched once, its records read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workloads.files import write_whole
from workloads.fingerprint import canonical, sha256
from workloads.objects import Bucket
from workloads.pipeline.config import Format, PipelineConfig, SqlSource
from workloads.pipeline.formats import parse
from workloads.pipeline.record import TEXT, Fields, Record, Reject, new_record
from workloads.pipeline.sources import Item, items


@dataclass(frozen=True)
class Found:
    """An item, and how its content is read."""

    item: Item
    form: Format
    rename: dict[str, str]

    @property
    def identity(self) -> list[object]:
        """What decides the records that it gives."""
        return [self.item.origin, self.item.version, self.form, self.rename]


def look(config: PipelineConfig, data: Bucket) -> list[Found]:
    """Every item of every source, in order; raises InvalidInputError for a source that has none."""
    return [
        Found(item, "jsonl" if isinstance(source, SqlSource) else source.format, source.rename)
        for source in config.collect
        for item in items(source, data)
    ]


def collect(found: list[Found], folder: Path, reject: Reject) -> Iterator[Record]:
    """The records of all items; what was fetched lies in `folder` and is not fetched again."""
    for one in found:
        kept = folder / sha256(canonical([one.item.origin, one.item.version]))
        if not kept.is_file():
            write_whole(kept, one.item.fetch())
        for origin, fields in parse(kept.read_bytes(), one.item.origin, one.form, reject):
            renamed = _renamed(fields, one.rename)
            if not isinstance(renamed.get(TEXT), str):
                reject(f"no {TEXT}", origin, fields)
                continue
            try:
                yield new_record(origin, renamed)
            except ValueError:
                reject("numbers that JSON does not have", origin, repr(fields))


def _renamed(fields: Fields, names: dict[str, str]) -> Fields:
    others = {name: value for name, value in fields.items() if name not in names.values()}
    return {**others, **{ours: fields[theirs] for ours, theirs in names.items() if theirs in fields}}
