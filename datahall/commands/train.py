"""``datahall train``."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.context import open_context
from datahall.errors import UserError
from datahall.lock import hold


def train(
    model: Annotated[str, Parameter(help="The model to train.")],
    /,
    *,
    environment: Annotated[
        str | None,
        Parameter(
            name=["--env"],
            help="The environment (default: local; on slurm metal, where that is up).",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        Parameter(help="How many passes over the data (default: the model's own).", show_default=False),
    ] = None,
    on: Annotated[
        Literal["here", "slurm"],
        Parameter(help="Where it runs: here, or as a job on the emulated hosts' Slurm cluster."),
    ] = "here",
    processes: Annotated[
        int | None,
        Parameter(help="How many processes here (default: one a GPU, two without any).", show_default=False),
    ] = None,
    smoke: Annotated[bool, Parameter(help="Small and short, through every stage.", negative=())] = False,
    log_dir: Annotated[
        Path | None,
        Parameter(help="A folder for a log of the run, for TensorBoard too.", show_default=False),
    ] = None,
    json: options.Json = False,
) -> int:
    """Collect a model's data, train it, register it and, but for --smoke, ask for its promotion."""
    if on == "slurm" and log_dir is not None:
        rule = "is written where the training runs, and the hosts have no such folder"
        raise UserError("--log-dir", str(log_dir), rule, "leave it out: what the job tells is shown here")
    if processes is not None and processes < 1:
        raise UserError("--processes", str(processes), "must be 1 or more", "give 1, or leave it out")
    if on == "slurm" and processes is not None:
        rule = "a job on slurm has one on each machine"
        raise UserError("--processes", str(processes), rule, "leave it out, or train here")
    from datahall import emulated, paths

    here = "local" if on == "here" else emulated.environment(paths.home())
    context = open_context(environment or here, as_json=json)
    from datahall import programs, registry, site

    found, run = site.find(context), partial(programs.on_this_machine, processes=processes)
    if on == "slurm":
        from datahall.slurm import cluster, job

        if not context.environment.sandboxed:
            rule = f"{context.environment.name} is a real AWS account, which emulated hosts cannot reach"
            raise UserError("--on", on, rule, "leave --env out, or submit the workloads to a real cluster")
        run = partial(job.run, cluster.find(emulated.folder(context.home)))
    arguments = [*(["--smoke"] if smoke else []), *([] if epochs is None else ["--epochs", str(epochs)])]
    arguments += [] if log_dir is None else ["--log-dir", str(log_dir.absolute())]
    with hold(context.home, f"datahall train {model}"):
        programs.collect(found, context.output, model)
        trained = programs.train(found, context.output, model, arguments, run=run)
        if smoke:
            promotion = registry.unasked(model, trained.version)
            context.output.say(
                f"{model} {trained.version} is registered and not promoted: {promotion['reason']}"
            )
        else:
            promotion = registry.promote(found, context.output, model, trained.version)
    context.output.result(
        {
            **context.named(),
            "model": model,
            "version": trained.version,
            "skipped": trained.skipped,
            "metrics": trained.metrics,
            "promotion": promotion,
        }
    )
    return 0
