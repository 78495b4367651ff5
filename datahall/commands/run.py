"""``datahall run``."""

import os
import sys
from dataclasses import dataclass
from typing import Annotated, NoReturn

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Stage:
    """One of the workloads' programs: what it does, and the actions of it that meet no environment."""

    about: str
    apart: tuple[str, ...] = ()


STAGES = {
    "data": Stage("put a data set into the data bucket"),
    "pipeline": Stage("make a data set from raw records", ("review", "decide")),
    "search": Stage("find which settings learn best"),
    "training": Stage("train, one process (datahall train: several)"),
    "folds": Stage("evaluate a classifier by k folds"),
    "judging": Stage("judge a version on held-out data, with a report"),
    "compression": Stage("make a version smaller, within a budget"),
    "ensembles": Stage("have versions of a classifier answer as one"),
    "phrasing": Stage("have a language model phrase a chat bot's answers"),
    "registry": Stage("list, show, promote and verify models"),
    "asking": Stage("ask a version"),
    "manifests": Stage("write what Kubernetes is given to train a model"),
}


_TOLD = "; ".join(f"{name}: {stage.about}" for name, stage in STAGES.items())


def run(
    stage: Annotated[str, Parameter(help=f"{_TOLD}.")],
    /,
    *arguments: Annotated[str, Parameter(help="Its own; STAGE --help tells them.")],
    environment: options.EnvFlag = "local",
) -> NoReturn:
    """Run one stage of the workloads on an environment's buckets: this process becomes its program."""
    if stage not in STAGES:
        rule = f"must be one of {', '.join(STAGES)}"
        raise UserError("STAGE", stage, rule, did_you_mean(stage, list(STAGES)))
    line, variables = [sys.executable, "-P", "-m", f"workloads.{stage}", *arguments], dict(os.environ)
    if not {*STAGES[stage].apart, "-h", "--help"}.intersection(arguments):
        from datahall import site
        from datahall.context import open_context

        found = site.find(open_context(environment, as_json=False))
        line += ["--site", str(found.file)]
        variables.update(found.variables)
    sys.stdout.flush()
    os.execve(line[0], line, variables)  # noqa: S606 - it takes our place
