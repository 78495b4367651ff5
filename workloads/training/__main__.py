"""`torchrun -m workloads.training MODEL`: parse, plan, run, tear down."""

import argparse
import os
import sys
from collections.abc import Sequence

from workloads import command
from workloads.events import Emit
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.site import load_site
from workloads.training.config import TrainingConfig
from workloads.training.plan import make_plan

_EXAMPLE = "torchrun --standalone --nproc-per-node 2 -m workloads.training mnist --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Train the model that `argv` names, or say what would be done; returns the exit code."""
    args = _parse(argv)
    model = find_model(args.model)
    buckets = connect(load_site(args.site))
    config = command.read_config(model.training, args)
    plan = make_plan(model, config, args.data, buckets, int(os.environ.get("WORLD_SIZE", "1")))
    if args.dry_run:
        registered = Registry(buckets.registry, model.name).version_of_run(plan.run)
        emit("plan", **plan.as_dict(), registered=registered)
        return 0
    from workloads.training.ranks import joined  # noqa: PLC0415 - a dry run or a mistake need not wait
    from workloads.training.run import run  # noqa: PLC0415 - 2 s for torch

    with joined() as ranks:
        run(plan, buckets, ranks, emit)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.training", "Train a model and register it.", _EXAMPLE)
    parser.add_argument("model", help=f"one of: {', '.join(sorted(MODELS))}")
    command.add_site(parser)
    parser.add_argument("--data", metavar="NAME[@VERSION]", help="the data set (default: the model's own)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be run, and do nothing")
    command.add_config(parser, TrainingConfig)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main, quiet=os.environ.get("RANK", "0") != "0"))
