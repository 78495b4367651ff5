"""One trial: values are drawn, a network learns with them, and the study is told what came of it."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import optuna
import torch
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from workloads.data import store
from workloads.errors import DivergedError, InvalidInputError
from workloads.folds.task import Fold
from workloads.objects import Buckets, connect
from workloads.search.job import Job
from workloads.search.journal import BucketJournal
from workloads.search.space import Choices, Range, Value, changed, tidy
from workloads.training.batches import mixed
from workloads.training.checkpoints import Nowhere
from workloads.training.loop import train
from workloads.training.plan import make_plan
from workloads.training.precision import choose
from workloads.training.ranks import Ranks
from workloads.training.repeatable import repeatable
from workloads.training.state import new_state

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_STARTUP = 5
"""Trials that are never given up, so that there is something to compare with."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a trial."""

    ended: str
    """complete, pruned or diverged."""
    epochs: int
    value: float | None
    """Of the last epoch, or with `--patience` of the best one; None where it was not reached."""
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a process needs for its trials."""

    job: Job
    buckets: Buckets
    study: optuna.Study
    ranks: Ranks


def open_bench(job: Job, number: int = 0) -> Bench:
    """Connect to the site and open the study; process `number` takes its share of cores, or a GPU."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // job.config.workers))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", number % torch.cuda.device_count())
    buckets = connect(job.site)
    return Bench(
        job=job,
        buckets=buckets,
        study=open_study(job, buckets),
        ranks=Ranks(rank=0, world_size=1, device=device),
    )


def open_study(job: Job, buckets: Buckets) -> optuna.Study:
    """The study of `job`, with the trials that are done."""
    epochs = job.model.training.epochs
    pruners: dict[str, Callable[[], optuna.pruners.BasePruner]] = {
        "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
        "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=epochs),
        "none": optuna.pruners.NopPruner,
    }
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(BucketJournal(buckets.checkpoints, job.prefix)),
        study_name=job.study,
        direction="maximize" if job.by == "accuracy" else "minimize",
        pruner=pruners[job.config.pruner](),
        load_if_exists=True,
    )


def attempt(bench: Bench, ticket: int, stopping: Callable[[], bool]) -> Tried | None:
    """Trial `ticket` (from 0), drawn by it and by what is finished; None if it was asked to stop.

    Raises InvalidInputError for values that do not go together.
    """
    job, study = bench.job, bench.study
    study.sampler = optuna.samplers.TPESampler(
        seed=mixed(job.model.training.seed, 0, ticket) % 2**32, constant_liar=job.config.workers > 1
    )
    trial = study.ask({name: _distribution(part) for name, part in job.space.items()})
    values = tidy(trial.params)
    reported: list[float] = []
    given_up: list[bool] = []

    def told(event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever an event has
        if event != "epoch":
            return
        value = float(fields["value"])
        if not math.isfinite(value):
            raise DivergedError(job.by, value, "must stay finite", "lower --lr")
        reported.append(value)
        trial.report(value, fields["epoch"])
        if trial.should_prune():
            given_up.append(True)

    def over() -> bool:
        return bool(given_up) or stopping()

    try:
        whole = _learn(bench, values, told, over)
    except DivergedError:
        study.tell(trial, state=TrialState.PRUNED)
        return Tried(ended="diverged", epochs=len(reported), value=None, values=values)
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise
    if not whole and not given_up:
        study.tell(trial, state=TrialState.FAIL)  # begun anew when the search goes on
        return None
    if not whole:
        study.tell(trial, state=TrialState.PRUNED)
        return Tried(ended="pruned", epochs=len(reported), value=reported[-1], values=values)
    best = max if job.by == "accuracy" else min
    value = best(reported) if job.model.training.patience else reported[-1]
    study.tell(trial, value)
    return Tried(ended="complete", epochs=len(reported), value=value, values=values)


def _learn(
    bench: Bench, values: Mapping[str, Value], told: Callable[..., None], over: Callable[[], bool]
) -> bool:
    """Train a network from the beginning; False if it was not trained to its end."""
    job, ranks = bench.job, bench.ranks
    planned = make_plan(changed(job.model, values), job.data, bench.buckets, 1)
    spec = planned.model
    config = spec.training
    repeatable(config)
    torch.manual_seed(config.seed)
    whole = spec.open(store.load(bench.buckets.data, planned.dataset), ranks)
    kept, held = hold_out(whole.records, job.config.validation, config.seed)
    if len(kept) < config.batch_size or not len(held):
        rule = (
            f"must leave a batch of {config.batch_size} to learn and one record to judge of {whole.records}"
        )
        raise InvalidInputError(
            "--validation", job.config.validation, rule, "give another, or smaller batches"
        )
    task = Fold(whole, kept, held, classifies=spec.classify is not None)
    dtype = choose(config, ranks)
    state = new_state(task.network, config, attachments={}, half=dtype is torch.float16)
    return train(
        state,
        task,
        replace(spec, headline=job.by, higher_is_better=job.by == "accuracy"),
        ranks,
        dtype=dtype,
        emit=told,
        checkpoints=Nowhere(),
        stopping=over,
    )


def hold_out(records: int, share: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which records are learnt and which judged: the same for each trial."""
    order = torch.randperm(records, generator=torch.Generator().manual_seed(seed))
    least = records - round(records * share)
    return order[:least], order[least:]


def _distribution(dimension: Range | Choices) -> BaseDistribution:
    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.choices)
    if isinstance(dimension.low, int) and isinstance(dimension.high, int):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
