"""Create, read, update and delete, as the rows of `types/` describe them."""

from __future__ import annotations

import re
from typing import Any, Final

from botocore.exceptions import ClientError

from datahall.sandbox.aws.plugin import reading
from datahall.sandbox.aws.plugin.check import TOKEN
from datahall.sandbox.aws.plugin.paths import search
from datahall.sandbox.aws.plugin.properties import Plain
from datahall.sandbox.aws.plugin.reading import GoneError
from datahall.sandbox.aws.plugin.repeats import creation
from datahall.sandbox.aws.plugin.run import Run, error_code
from datahall.sandbox.aws.plugin.table import Call, Step

_FIELD: Final = re.compile(r"{(\w+)}")


class PartlyDoneError(RuntimeError):
    """The resource exists, but what follows its creation or a step of its update failed."""

    def __init__(self, run: Run, cause: Exception) -> None:
        super().__init__(str(cause))
        self.id, self.cause = run.id, cause
        self.outputs = _best_known(run)


def create(run: Run) -> dict[str, Any]:
    """Creates the resource, completes and awaits it; sets `run.id`; returns its outputs."""
    with creation(run.token() if TOKEN in run.new else "") as asked:
        response = run.do(_creation(run))
    run.id = _identity(run, response)
    if asked.repeated and (read(run) is None or _is_gone(run)):  # it was made, and deleted since
        response = run.do(_creation(run))
        run.id = _identity(run, response)
    try:
        if _must_settle(run):
            settle(run)
        complete(run)
        return settled(run)
    except Exception as error:
        raise PartlyDoneError(run, error) from error


def complete(run: Run) -> None:
    """Runs those update steps whose inputs changed (all given ones, after a creation)."""
    for step in run.row.update:
        if run.due(step):
            run.do(step)
            if isinstance(step, Call) and step.settles:
                settle(run)


def read(run: Run) -> dict[str, Any] | None:
    """The outputs as they are now, or None if the resource is gone."""
    adopt_id(run)
    try:
        return reading.outputs(run)
    except GoneError:
        return None


def update(run: Run) -> dict[str, Any]:
    """Applies what differs between `run.old` and `run.new`; returns the outputs."""
    try:
        complete(run)
        return settled(run)
    except Exception as error:
        raise PartlyDoneError(run, error) from error


def delete(run: Run) -> None:
    """Deletes the resource and waits until it is gone; one that is gone already is fine."""
    adopt_id(run)
    for step in run.row.delete:
        try:
            run.do(step)
        except ClientError as error:
            if error_code(error) not in run.row.gone and not _is_gone(run):
                raise
    if run.row.wait is not None:
        for _ in run.poll():
            try:
                state, reason = reading.state_of(run)
            except GoneError:
                return
            if state in run.row.wait.gone:
                return
            if state in run.row.wait.failed:
                raise RuntimeError(f"{run.id}: {state}: {reason or 'AWS gives no reason'}")


def _is_gone(run: Run) -> bool:
    """Whether AWS only still shows what was deleted, such as a cancelled reservation."""
    if run.row.wait is None or not run.row.wait.gone:
        return False
    try:
        return reading.state_of(run)[0] in run.row.wait.gone
    except GoneError:
        return True


def settled(run: Run) -> dict[str, Any]:
    """Waits until the resource is usable, then reads it."""
    settle(run)
    return reading.outputs(run)


def settle(run: Run) -> None:
    """Waits for one of the row's `ready` states; RuntimeError with AWS's reason on a failed one."""
    wait = run.row.wait
    if wait is None or not wait.ready:
        return
    for _ in run.poll():
        state, reason = reading.state_of(run)
        if state in wait.ready:
            return
        if state in wait.failed:
            raise RuntimeError(f"{run.id}: {state}: {reason or 'AWS gives no reason'}")


def adopt_id(run: Run) -> None:
    """Of an id made of inputs, the inputs: an import knows nothing else."""
    form = run.row.import_id or run.row.id
    names = _FIELD.findall(form)
    if not names or run.new:
        return
    literal = re.sub(r"([.^$*+?()|\[\]])", r"\\\1", form)
    match = re.fullmatch(_FIELD.sub(lambda field: f"(?P<{field[1]}>.+?)", literal), run.id)
    if match is None:
        raise ValueError(f"id: {run.id}: must look like {form}")
    found = match.groupdict()
    run.id = found.pop("id", run.id)
    run.new = found


def _creation(run: Run) -> Step:
    if not isinstance(run.row.create, tuple):
        return run.row.create
    return next(call for call in run.row.create if run.applies(call))


def _identity(run: Run, response: Plain) -> str:
    if "{" in run.row.id:
        return run.row.id.format_map({"region": run.region, **run.new})
    found = search(run.row.id, response)
    if not found:
        reason = search("Unsuccessful[0].Error.Message", response)  # of batch operations, such as flow logs
        raise RuntimeError(str(reason or f"{run.row.type}: AWS's answer has no {run.row.id}"))
    return str(found)


def _must_settle(run: Run) -> bool:
    """Whether steps follow the creation, so that the resource must be usable for them."""
    return run.row.wait is not None and bool(run.row.update)


def _best_known(run: Run) -> dict[str, Any]:
    try:
        return reading.outputs(run)
    except (GoneError, ClientError, RuntimeError):
        return {**run.state, **run.new}
