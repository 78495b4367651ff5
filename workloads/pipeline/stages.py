"""The stages, and how one is run: its output whole on disk, and not again while nothing changed.

WORK/NAME/STAGE.jsonl is a stage's output, STAGE.rejected.jsonl its quarantine, STAGE.json what it counted
and the recipe that made it. Records in quarantine are as they were: personal data in them are not masked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workloads.events import Emit
from workloads.files import write_whole
from workloads.fingerprint import code_version, sha256, short_hash
from workloads.objects import Bucket
from workloads.pipeline.clean import clean
from workloads.pipeline.collect import collect, look
from workloads.pipeline.config import PipelineConfig
from workloads.pipeline.duplicates import deduplicate
from workloads.pipeline.label import label, read_decisions
from workloads.pipeline.ledger import Done, Ledger, read_done, write_done
from workloads.pipeline.mask import Masked, mask
from workloads.pipeline.record import Record, Reject, read


@dataclass(frozen=True)
class Work:
    """The folder in which a pipeline's stages leave what they made."""

    folder: Path

    def output(self, stage: str) -> Path:
        """A stage's records."""
        return self.folder / f"{stage}.jsonl"

    def rejected(self, stage: str) -> Path:
        """A stage's quarantine."""
        return self.folder / f"{stage}.rejected.jsonl"

    def done(self, stage: str) -> Path:
        """What a stage counted."""
        return self.folder / f"{stage}.json"

    @property
    def raw(self) -> Path:
        """What was fetched."""
        return self.folder / "raw"

    @property
    def decisions(self) -> Path:
        """Persons' labels."""
        return self.folder / "decisions.json"


@dataclass(frozen=True)
class Prepared:
    """A stage ready to run: what its output depends on beside its input, and how to make it."""

    depends: object
    run: Callable[[Iterator[Record], Reject], Iterator[Record]]
    extra: Callable[[], dict[str, object]] = field(default=dict)


def prepare(stage: str, config: PipelineConfig, work: Work, data: Bucket) -> Prepared:
    """A stage as `config` wants it; the first one looks at its sources."""
    match stage:
        case "collect":
            found = look(config, data)
            return Prepared([one.identity for one in found], lambda _, r: collect(found, work.raw, r))
        case "clean":
            return Prepared(config.clean.model_dump(), lambda records, r: clean(records, config.clean, r))
        case "deduplicate":
            part = config.deduplicate
            return Prepared(part.model_dump(), lambda records, r: deduplicate(records, part, r))
        case "mask":
            masked = Masked()
            depends = config.mask.model_dump()
            return Prepared(depends, lambda records, _: mask(records, config.mask, masked), masked.report)
        case _:
            return _labelling(config, read_decisions(work.decisions))


def _labelling(config: PipelineConfig, decisions: dict[str, str]) -> Prepared:
    part = config.label
    if part is None:
        return Prepared(None, lambda records, _: records)
    depends = [part.model_dump(), decisions]
    return Prepared(depends, lambda records, reject: label(records, part, decisions, reject))


STAGES = ("collect", "clean", "deduplicate", "mask", "label")
"""In their order; shards are made of the last one's output."""


def run(
    config: PipelineConfig, work: Work, data: Bucket, emit: Emit, *, until: str = STAGES[-1]
) -> dict[str, Done]:
    """Run the stages up to `until`, those whose output is there and still right not again."""
    code, before, done = code_version(["workloads.pipeline"]), "", dict[str, Done]()
    for stage in STAGES[: STAGES.index(until) + 1]:
        prepared = prepare(stage, config, work, data)
        recipe = short_hash([stage, code, prepared.depends, before])
        kept = read_done(work.done(stage))
        again = kept is None or kept.recipe != recipe or not _whole(work.output(stage), kept.output)
        if kept is None or again:
            kept = _make(stage, recipe, prepared, work, done)
        done[stage], before = kept, kept.output
        emit("stage", stage=stage, made=again, **kept.report(), lost=sum(kept.rejected.values()))
    return done


def _make(stage: str, recipe: str, prepared: Prepared, work: Work, before: dict[str, Done]) -> Done:
    ledger = Ledger()
    source = read(work.output(STAGES[STAGES.index(stage) - 1])) if before else iter(())
    records = prepared.run(ledger.take(source), ledger.reject)
    output = write_whole(work.output(stage), ledger.give(records))
    write_whole(work.rejected(stage), ledger.lines)
    rejected = dict(sorted(ledger.rejected.items()))
    if before and ledger.taken != ledger.given + sum(rejected.values()):
        raise RuntimeError(f"{stage} lost records without a word")  # a fault of ours, never a user's
    done = Done(recipe=recipe, output=output, given=ledger.given, rejected=rejected, extra=prepared.extra())
    write_done(work.done(stage), done)
    return done


def _whole(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()) == digest
