"""A whole search: its trials are told as they end, then the best."""

import shlex
import time
from collections.abc import Sequence
from pathlib import Path

import optuna

from workloads.errors import WorkloadError
from workloads.events import Emit
from workloads.search.job import Job
from workloads.search.space import flags, tidy
from workloads.search.trial import FINISHED, Tried, open_bench
from workloads.search.workers import trials
from workloads.training.stop import Stop


def search(job: Job, given: Sequence[str], site: Path, emit: Emit, stop: Stop) -> None:
    """Try until all trials are done, or `stop` is asked; `given` are the flags that were not searched.

    Raises WorkloadError where no trial came to its end.
    """
    bench = open_bench(job)
    done = len(bench.study.get_trials(deepcopy=False, states=FINISHED))
    told = {"study": job.study, "of": job.config.trials, "model": job.model.name}
    emit("study", **told, done=done, by=job.by, searched=list(job.space), storage=job.prefix)
    began = time.monotonic()
    for ticket, tried in trials(bench, range(done, job.config.trials), stop):
        done += 1
        _tell(job, ticket, tried, emit)
    if done < job.config.trials:
        emit("paused", **told, done=done)
        return
    complete, best = _best(bench.study, job)
    values = tidy(best.params)
    line = ["python", "-m", "workloads.training", job.model.name, *given, *flags(values), "--site", str(site)]
    emit(
        "best",
        **told,
        by=job.by,
        value=best.value,
        values=values,
        complete=complete,
        flags=" ".join(flags(values)),
        command=shlex.join(line),
        seconds=round(time.monotonic() - began, 1),
    )


def _tell(job: Job, ticket: int, tried: Tried, emit: Emit) -> None:
    value = "none" if tried.value is None else f"{tried.value:.4f}"
    emit(
        "trial",
        trial=ticket + 1,
        of=job.config.trials,
        ended=tried.ended,
        epochs=tried.epochs,
        by=job.by,
        value=tried.value,
        summary=f"{job.by} {value}, {' '.join(flags(tried.values))}",
        values=tried.values,
    )


def _best(study: optuna.Study, job: Job) -> tuple[int, optuna.trial.FrozenTrial]:
    """How many trials came to their end, and the best of them."""
    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if not complete:
        rule, fix = "none came to its end: all diverged", "search lower rates (--space), or give --clip 1"
        raise WorkloadError("--trials", job.config.trials, rule, fix)
    return len(complete), study.best_trial
