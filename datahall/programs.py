"""The workloads' programs, run on a site and shown live."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from datahall.children import Event
from datahall.errors import OperationError, UserError
from datahall.output import Output, Stage
from datahall.site import Site
from datahall.slurm.told import described
from workloads.models.table import MODELS
from workloads.training.launch import GPUS_OR_TWO

Events = Generator[Event, None, None]


@dataclass(frozen=True)
class Trained:
    """What came of a training: the version that is registered, and how good it is."""

    version: str
    metrics: dict[str, Any]
    skipped: bool


def publish(site: Site, output: Output, data: str) -> Event:
    """Put a data set into the site's data bucket."""
    with output.stage("data") as stage:
        done = last(site.ask("workloads.data", data), "dataset")
        where = "put into" if done["uploaded"] else "is in"
        stage.summary = (
            f"{done['name']} {done['version']}: {done['records']:,} records {where} {done['bucket']}"
        )
    return done


def collect(site: Site, output: Output, model: str) -> None:
    """Put the data set that a model learns by default into the site's data bucket.

    Raises:
        UserError: there is no such model.
    """
    if model not in MODELS:
        rule = f"must be one of: {', '.join(sorted(MODELS))}"
        raise UserError("MODEL", model, rule, "give one of them")
    publish(site, output, MODELS[model].dataset)


def plan(site: Site, model: str, arguments: Sequence[str] = ()) -> Event:
    """What a training would do, and under which version it is ``registered`` already, if it is."""
    return last(site.ask("workloads.training", model, "--dry-run", *arguments), "plan")


def torchrun(processes: int | None = None) -> tuple[str, ...]:
    """How a model is trained here: as one machine of a cluster would, a process a GPU (without any, two).

    If one of them is lost, all go on from the last checkpoint.
    """
    number = GPUS_OR_TWO if processes is None else str(processes)
    launch = ("-m", "workloads.training.launch", "--standalone")
    return (*launch, "--nproc-per-node", number, "--max-restarts", "2")


def on_this_machine(
    site: Site, model: str, arguments: Sequence[str], *, processes: int | None = None
) -> Events:
    """Train here, with torchrun; yields the training's events."""
    launcher = torchrun(processes)
    return site.run("workloads.training", model, *arguments, log=f"train-{model}", launcher=launcher)


def train(
    site: Site,
    output: Output,
    model: str,
    arguments: Sequence[str] = (),
    *,
    run: Callable[[Site, str, Sequence[str]], Events] = on_this_machine,
) -> Trained:
    """Train, evaluate and register; a training that was done before is not done again."""
    with output.stage("train") as stage:
        planned = plan(site, model, arguments)
        if planned["registered"]:
            stage.summary = f"{model} {planned['registered']}: trained before on this data with this code"
            return Trained(planned["registered"], {}, skipped=True)
        bars, found = _Epochs(), dict[str, Event]()
        with closing(run(site, model, arguments)) as events:  # an interrupt ends it now, not at some time
            for event in events:
                found[event["event"]] = event
                bars.take(event, stage)
        stage.body = None
        if "registered" not in found:
            raise OperationError(f"the training of {model} ended before it was done; start it again to go on")
        metrics = {key: value for key, value in found["evaluated"].items() if key not in ("event", "summary")}
        version = str(found["registered"]["version"])
        stage.summary = (
            f"{model} {version}: {metrics['headline']} {metrics[metrics['headline']]:.4g} held out"
        )
    return Trained(version, metrics, skipped=False)


def sample(site: Site, data: str, index: int) -> Event:
    """One held-out record of a data set, as a request has it."""
    return last(site.ask("workloads.data", "sample", data, "--index", str(index)), "sample")


class _Epochs:
    """A bar that grows by the epoch, and what the last one measured."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("    epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=36),
            TextColumn("{task.fields[said]}"),
        )
        self._task = self._progress.add_task("epochs", total=None, said="starting")

    def take(self, event: Event, stage: Stage) -> None:
        """Note an event of the training."""
        stage.body = self._draw
        if event["event"] == "resumed":
            where = f"from the checkpoint in the bucket, step {event['step']}"
            stage.line(f"goes on after epoch {event['epoch']}, {where}")
        if event["event"] == "job":
            stage.line(described(event))
        if event["event"] != "epoch":
            return
        said = f"loss {event['loss']:.4f}  {event['headline']} {event['value']:.4f}"
        said += f"  {event['units_per_s']:,.0f} {event['unit']}/s"
        self._progress.update(self._task, total=event["of"], completed=event["epoch"], said=said)
        stage.line(f"epoch {event['epoch']}/{event['of']}  {said}")

    def _draw(self) -> RenderableType:
        return self._progress


def last(events: Iterable[Event], *names: str) -> Event:
    """The last event of one of these names.

    Raises:
        OperationError: there is none.
    """
    found: Event | None = None
    for event in events:
        if event["event"] in names:
            found = event
    if found is None:
        raise OperationError(f"a program ended without its event {' or '.join(names)}")
    return found
