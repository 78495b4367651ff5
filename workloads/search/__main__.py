"""`python -m workloads.search MODEL`: which settings learn best, by trials on a part of the training data."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workloads import command
from workloads.errors import InvalidInputError, WorkloadError
from workloads.events import Emit
from workloads.fingerprint import code_version, short_hash
from workloads.models.arguments import add_model, read_model
from workloads.models.spec import ModelSpec
from workloads.objects import connect
from workloads.search.config import SearchConfig
from workloads.search.space import Space, flags, space_of, tidy
from workloads.site import load_site
from workloads.training.plan import Plan, make_plan
from workloads.training.refusals import refuse_of_several
from workloads.training.stop import Stop, on_sigterm

if TYPE_CHECKING:
    from workloads.search.trial import Bench

_EXAMPLE = "python -m workloads.search mnist --trials 30 --workers 2 --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Try, and tell the best flags; returns the exit code."""
    args, model, given = _parse(argv)
    config = command.read_config(SearchConfig(), args)
    refuse_of_several(model)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        rule = "must be 1: each trial is trained by one process"
        fix = "start it without torchrun; see --workers"
        raise InvalidInputError("WORLD_SIZE", os.environ["WORLD_SIZE"], rule, fix)
    if config.by == "accuracy" and model.classify is None:
        rule = "only a classifier has one"
        raise InvalidInputError("--by", f"accuracy of {model.name}", rule, "leave it out")
    space = space_of(model, args.space, given)
    site = load_site(args.site)
    plan = make_plan(model, args.data, connect(site), 1)
    from workloads.search.trial import Job, open_bench  # noqa: PLC0415 - 3 s for torch and optuna

    job = Job(
        model=model,
        data=f"{plan.dataset.name}@{plan.dataset.version}",
        site=site,
        space=space,
        config=config,
        study=_name(plan, space, config),
    )
    kept = [*(["--smoke"] if args.smoke else []), *(["--data", args.data] if args.data else [])]
    with on_sigterm() as stop:
        _search(open_bench(job), [*kept, *flags(given)], args.site, emit, stop)
    return 0


def _name(plan: Plan, space: Space, config: SearchConfig) -> str:
    """The study of the same data, settings, code and space, however many trials and workers it has."""
    dimensions = {name: dimension.model_dump() for name, dimension in space.items()}
    how = config.model_dump(exclude={"trials", "workers"})
    return short_hash([plan.run, dimensions, how, code_version(("workloads.search", "workloads.folds"))])


def _search(bench: "Bench", given: list[str], site: Path, emit: Emit, stop: Stop) -> None:
    from workloads.search.trial import FINISHED  # noqa: PLC0415
    from workloads.search.workers import trials  # noqa: PLC0415

    job, config = bench.job, bench.job.config
    done = len(bench.study.get_trials(deepcopy=False, states=FINISHED))
    told = {"study": job.study, "of": config.trials, "model": job.model.name}
    emit("study", **told, done=done, by=job.by, searched=list(job.space), storage=job.prefix)
    began = time.monotonic()
    for ticket, tried in trials(bench, range(done, config.trials), stop):
        done += 1
        value = "none" if tried.value is None else f"{tried.value:.4f}"
        emit(
            "trial",
            trial=ticket + 1,
            of=config.trials,
            ended=tried.ended,
            epochs=tried.epochs,
            by=job.by,
            value=tried.value,
            summary=f"{job.by} {value}, {' '.join(flags(tried.values))}",
            values=tried.values,
        )
    if done < config.trials:
        emit("paused", **told, done=done)
        return
    complete = [trial for trial in bench.study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if not complete:
        rule, fix = "none came to its end: all diverged", "search lower rates (--space), or give --clip 1"
        raise WorkloadError("--trials", config.trials, rule, fix)
    best = bench.study.best_trial
    chosen = flags(tidy(best.params))
    line = ["python", "-m", "workloads.training", job.model.name, *given, *chosen, "--site", str(site)]
    emit(
        "best",
        **told,
        by=job.by,
        value=best.value,
        values=tidy(best.params),
        complete=len(complete),
        flags=" ".join(chosen),
        command=shlex.join(line),
        seconds=round(time.monotonic() - began, 1),
    )


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, ModelSpec, dict[str, str]]:
    """The arguments, the model as they change it, and the settings that they give: those are not searched."""
    parser = command.parser("workloads.search", "Search a model's best settings.", _EXAMPLE)
    base = add_model(parser, argv)
    settings = {action.dest for action in parser._actions if action.dest.startswith("--")}
    command.add_config(parser, SearchConfig())
    parser.add_argument("--space", type=Path, metavar="FILE", help="what is searched, as JSON (see docs)")
    command.add_site(parser)
    args = parser.parse_args(argv)
    values = {name.removeprefix("--"): value for name, value in vars(args).items() if name in settings}
    return (
        args,
        read_model(base, args),
        {name: str(value) for name, value in values.items() if value is not None},
    )


if __name__ == "__main__":
    sys.exit(command.run(main))
