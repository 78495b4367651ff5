"""`python -m workloads.pipeline`: make a data set from raw records, and label those that wait."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workloads import command
from workloads.data import store
from workloads.data.content import Content, Origin
from workloads.data.table import DATASETS
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.objects import Bucket, connect
from workloads.pipeline.config import LabelConfig, PipelineConfig
from workloads.pipeline.label import WAITING, decide
from workloads.pipeline.ledger import Done
from workloads.pipeline.shard import shard
from workloads.pipeline.stages import STAGES, Work, run
from workloads.site import load_site

_EXAMPLE = "python -m workloads.pipeline run reviews.yaml --work work --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Parse, read the pipeline's file, do; returns the exit code."""
    args = _parse(argv)
    config = read_pipeline(args.pipeline)
    work = Work(args.work / config.name)
    if args.action == "run":
        data = connect(load_site(args.site)).data
        done = run(config, work, data, emit, until=args.until or STAGES[-1])
        if args.until is None:
            _publish(config, work, data, done, emit)
        return 0
    waiting = _waiting(work)
    if args.action == "review":
        for entry in waiting:
            emit("waiting", **entry)
        return 0
    ids = {str(entry["id"]) for entry in waiting}
    decided = decide(work.decisions, ids, _labels(config, args.pipeline), args.id, args.label)
    emit("decided", id=args.id, label=args.label, decisions=decided)
    return 0


def read_pipeline(path: Path) -> PipelineConfig:
    """The pipeline that a YAML file describes; raises InvalidInputError."""
    fix = "correct the pipeline's file"
    try:
        described: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InvalidInputError("pipeline", path, error.strerror or "cannot be read", fix) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError("pipeline", path, f"must be YAML ({error})", fix) from None
    config = command.validate(PipelineConfig, described, fix=fix)
    if config.name in DATASETS:
        rule = "must not be the name of one of: " + ", ".join(sorted(DATASETS))
        raise InvalidInputError("name", config.name, rule, "give it a name of its own")
    return config


def _publish(config: PipelineConfig, work: Work, data: Bucket, done: dict[str, Done], emit: Emit) -> None:
    report = {stage: ended.report() for stage, ended in done.items()}
    folder, counts = shard(work.output(STAGES[-1]), config, work.folder / "shards", report)
    preparation = f"workloads.pipeline; one in {config.shard.held_out_of}, by its hash, held out"
    origin = Origin(name=config.name, source=config.source, licence=config.licence, preparation=preparation)
    content = Content(folder, counts)
    manifest = store.describe(origin, content)
    uploaded = store.publish(data, manifest, content, done[STAGES[-1]].recipe)
    records = counts["train"] + counts["test"]
    emit(
        "dataset",
        name=config.name,
        version=manifest.version,
        records=records,
        bucket=data.name,
        uploaded=uploaded,
    )


def _waiting(work: Work) -> list[dict[str, Any]]:
    path = work.rejected("label")
    if not path.is_file():
        rule, fix = "must have come to its labels", "run it first"
        raise InvalidInputError("pipeline", work.folder.name, rule, fix)
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [entry["content"] for entry in entries if entry["reason"] == WAITING]


def _labels(config: PipelineConfig, path: Path) -> LabelConfig:
    if config.label is None:
        raise InvalidInputError("pipeline", path, "must have labels", "add label to the pipeline's file")
    return config.label


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.pipeline", "Make a data set from raw records.", _EXAMPLE)
    actions = parser.add_subparsers(dest="action", required=True, metavar="run|review|decide")
    running = actions.add_parser("run", help="go through the stages that are not done, and publish")
    running.add_argument("--until", choices=STAGES, help="stop after that stage")
    review = actions.add_parser("review", help="the records that wait for a person's label")
    decision = actions.add_parser("decide", help="give a waiting record its label")
    for action in (running, review, decision):
        action.add_argument("pipeline", type=Path, help="its file (YAML)")
        action.add_argument("--work", type=Path, required=True, metavar="DIR", help="where stages are kept")
    decision.add_argument("id", help="the record's, as review tells it")
    decision.add_argument("label", help="one of the pipeline's labels")
    command.add_site(running)
    command.add_events(review)
    command.add_events(decision)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
