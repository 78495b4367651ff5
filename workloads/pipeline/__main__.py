"""`python -m workloads.pipeline`: make a data set from raw records, and label those that wait."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.events import Emit
from workloads.objects import connect
from workloads.pipeline.described import read_pipeline
from workloads.pipeline.publish import publish
from workloads.pipeline.review import label, waiting
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
            emit("dataset", **publish(config, work, data, done))
    elif args.action == "review":
        for entry in waiting(work):
            emit("waiting", **entry)
    else:
        decided = label(config, work, args.id, args.label)
        emit("decided", id=args.id, label=args.label, decisions=decided)
    return 0


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
