"""`python -m workloads.folds MODEL`: k-fold evaluation of a classifier, and of its folds together."""

import argparse
import os
import sys
from collections.abc import Sequence

from workloads import command
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.models.arguments import add_model, read_model
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.objects import connect
from workloads.site import load_site
from workloads.training.plan import make_plan
from workloads.training.refusals import refuse_of_several
from workloads.training.stop import on_sigterm
from workloads.training.threads import threads_that_sleep

_EXAMPLE = "python -m workloads.folds mnist --folds 5 --site outputs.json"
_MOST = 100


def main(argv: Sequence[str], emit: Emit) -> int:
    """Train and judge every fold; returns the exit code."""
    args, model = _parse(argv)
    if model.classify is None:
        known = ", ".join(sorted(name for name, spec in MODELS.items() if spec.classify))
        raise InvalidInputError("model", model.name, f"must be a classifier: {known}", "give one of them")
    refuse_of_several(model)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        rule, fix = "must be 1: each fold is trained by one process", "start it without torchrun"
        raise InvalidInputError("WORLD_SIZE", os.environ["WORLD_SIZE"], rule, fix)
    buckets = connect(load_site(args.site))
    plan = make_plan(model, args.data, buckets, 1)
    records = plan.dataset.records["train"]
    most = min(_MOST, records // 2)
    if not 2 <= args.folds <= most or records - -(-records // args.folds) < model.training.batch_size:
        rule = f"must be from 2 to {most}, and leave a batch of {model.training.batch_size} to learn"
        raise InvalidInputError("--folds", args.folds, rule, "give another number")
    from workloads.folds.evaluate import evaluate  # noqa: PLC0415 - 2 s for torch

    with on_sigterm() as stop:
        evaluate(plan, args.folds, buckets, emit, stop)
    return 0


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, ModelSpec]:
    parser = command.parser("workloads.folds", "Evaluate a classifier by k folds.", _EXAMPLE)
    base = add_model(parser, argv)
    parser.add_argument("--folds", type=int, default=5, metavar="K", help="how many (default 5)")
    command.add_site(parser)
    args = parser.parse_args(argv)
    return args, read_model(base, args)


if __name__ == "__main__":
    threads_that_sleep(os.environ)
    sys.exit(command.run(main))
