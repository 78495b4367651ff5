"""`python -m workloads.search MODEL`: which settings learn best, by trials on a part of the training data."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.events import Emit
from workloads.models.arguments import add_model, given_settings, read_model
from workloads.models.spec import ModelSpec
from workloads.objects import connect
from workloads.search.config import SearchConfig
from workloads.search.job import make_job
from workloads.search.refusals import refuse
from workloads.search.space import flags, space_of
from workloads.site import load_site
from workloads.training.plan import make_plan
from workloads.training.stop import on_sigterm
from workloads.training.threads import threads_that_sleep

_EXAMPLE = "python -m workloads.search mnist --trials 30 --workers 2 --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Try, and tell the best flags; returns the exit code."""
    args, model, given = _parse(argv)
    config = command.read_config(SearchConfig(), args)
    refuse(model, config.by)
    space, site = space_of(model, args.space, given), load_site(args.site)
    job = make_job(model, make_plan(model, args.data, connect(site), 1), site, space, config)
    kept = [*(["--smoke"] if args.smoke else []), *(["--data", args.data] if args.data else [])]
    from workloads.search.run import search  # noqa: PLC0415 - 3 s for torch and optuna

    with on_sigterm() as stop:
        search(job, [*kept, *flags(given)], args.site, emit, stop)
    return 0


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, ModelSpec, dict[str, str]]:
    """The arguments, the model as they change it, and the settings that they give: those are not searched."""
    parser = command.parser("workloads.search", "Search a model's best settings.", _EXAMPLE)
    base = add_model(parser, argv)
    command.add_config(parser, SearchConfig())
    parser.add_argument("--space", type=Path, metavar="FILE", help="what is searched, as JSON (see docs)")
    command.add_site(parser)
    args = parser.parse_args(argv)
    given = {flag.removeprefix("--"): value for flag, value in given_settings(base, args).items()}
    return args, read_model(base, args), given


if __name__ == "__main__":
    threads_that_sleep(os.environ)
    sys.exit(command.run(main))
