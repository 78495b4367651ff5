"""`torchrun -m workloads.training MODEL`: parse, plan, run, tear down."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from workloads import command
from workloads.events import Emit
from workloads.models.arguments import add_model, read_model
from workloads.models.spec import ModelSpec
from workloads.objects import Buckets, connect
from workloads.registry.store import Registry
from workloads.site import load_site
from workloads.training.plan import Plan, make_plan
from workloads.training.stop import STOPPED, Stop, on_sigterm
from workloads.training.telemetry import measured
from workloads.training.threads import threads_that_sleep

_EXAMPLE = "torchrun --standalone --nproc-per-node 2 -m workloads.training mnist --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Train the model that `argv` names, or say what would be done; returns the exit code."""
    args, model = _parse(argv)
    buckets = connect(load_site(args.site))
    plan = make_plan(model, args.data, buckets, int(os.environ.get("WORLD_SIZE", "1")))
    if args.dry_run:
        registered = Registry(buckets.registry, model.name).version_of_run(plan.run)
        emit("plan", **plan.as_dict(), registered=registered)
        return 0
    first = os.environ.get("RANK", "0") == "0"
    port, folder = (args.metrics_port, args.log_dir) if first else (None, None)
    with on_sigterm() as stop, measured(emit, port) as seen, _logged(seen, folder) as told:
        finished = _train(plan, buckets, told, stop)
    return 0 if finished else args.stopped_code


def _train(plan: Plan, buckets: Buckets, emit: Emit, stop: Stop) -> bool:
    from workloads.training.ranks import joined  # noqa: PLC0415 - a dry run or a mistake need not wait
    from workloads.training.run import run  # noqa: PLC0415 - 2 s for torch

    with joined() as ranks:
        return run(plan, buckets, ranks, emit, stop)


def _logged(emit: Emit, folder: Path | None) -> AbstractContextManager[Emit]:
    if folder is None:
        return nullcontext(emit)
    from workloads.training.logs import logged  # noqa: PLC0415 - 2 s for tensorboardX

    return logged(emit, folder)


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, ModelSpec]:
    """The arguments, and the model with its configurations as they change them."""
    parser = command.parser("workloads.training", "Train a model and register it.", _EXAMPLE)
    base = add_model(parser, argv)
    command.add_site(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be run, and do nothing")
    parser.add_argument("--metrics-port", type=int, metavar="PORT", help="OpenMetrics on loopback; 0: any")
    parser.add_argument("--log-dir", type=Path, metavar="DIR", help="a log of the run, for TensorBoard too")
    parser.add_argument(
        "--stopped-code",
        type=int,
        choices=(0, STOPPED),
        default=0,
        help="exit code after SIGTERM (default 0)",
    )
    args = parser.parse_args(argv)
    return args, read_model(base, args)


if __name__ == "__main__":
    threads_that_sleep(os.environ)
    sys.exit(command.run(main, quiet=os.environ.get("RANK", "0") != "0"))
