"""Runs of the embedded engine, shown live."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from rich.text import Text

from datahall import engine
from datahall.engine.urn import STACK_TYPE
from datahall.errors import OperationError, UserError
from datahall.output import Output
from datahall.review import as_mistakes
from datahall.runs import Outcome, Request
from datahall.tree import ResourceTree, summary

T = TypeVar("T")
_STYLES = {"error": "red", "warning": "yellow", "info": "cyan", "debug": "dim"}

# What the user can mend; anything else is a failure.
_USERS = (
    engine.BrokenState,
    engine.InvalidProject,
    engine.InvalidTarget,
    engine.MissingPassphrase,
    engine.ProtectedResource,
    engine.StackLocked,
    engine.Unsupported,
)


def preview(request: Request, output: Output) -> Outcome:
    """Run the program, review it, change nothing."""
    return _show("preview", engine.preview, request, output, planning=True)


def up(request: Request, output: Output) -> Outcome:
    """Run the program, review it, make it so."""
    return _show("apply", engine.up, request, output, planning=False)


def destroy(request: Request, output: Output) -> Outcome:
    """Delete all resources of the stack, and then the stack."""
    outcome = _show("destroy", engine.destroy, request, output, planning=False)
    remove(request)
    return outcome


def remove(request: Request) -> None:
    """Remove an empty stack from the backend."""
    call(lambda: engine.remove_stack(_project(request), request.environment.name, _options(request)))


def read(request: Request) -> engine.StackState | None:
    """The stack as recorded, secrets masked; None where there is none."""
    return call(lambda: engine.read_stack(_project(request), request.environment.name, _options(request)))


def _show(
    title: str,
    operation: Callable[[engine.Project, str, engine.Options], engine.Result],
    request: Request,
    output: Output,
    *,
    planning: bool,
) -> Outcome:
    def run(on_event: Callable[[engine.Event], None]) -> engine.Result:
        options = dataclasses.replace(_options(request), on_event=on_event)
        return operation(_project(request), request.environment.name, options)

    return show(title, run, output, planning=planning, diff=request.diff)


def show(
    title: str,
    run: Callable[[Callable[[engine.Event], None]], engine.Result],
    output: Output,
    *,
    planning: bool,
    diff: bool,
) -> Outcome:
    """Show an operation while it runs; ``run`` is given who listens to its events.

    Raises:
        UserError: the user can mend it.
        OperationError: something failed.
    """
    with output.stage(title) as stage:
        tree = ResourceTree(_unsaid if planning else stage.line, planning=planning, diff=diff)
        stage.body = tree.running
        try:
            result = call(lambda: run(tree.on_event))
        finally:
            stage.summary = summary(tree.counts(), planning=planning)
            for diagnostic in tree.diagnostics:
                output.say(_said(diagnostic))
        counts = {str(op): count for op, count in result.summary.items() if count}
        stage.summary = summary(counts, planning=planning)
    return Outcome(
        changes=counts,
        policy=[_finding(found) for found in result.policy],
        outputs=result.outputs,
        tree=tree.changes(),
    )


def _said(diagnostic: engine.Diagnostic) -> Text:
    """`warning net: ...`, with the resource that it is about unless that is the stack."""
    text = Text(diagnostic.severity, style=_STYLES[diagnostic.severity])
    # as a plugin gave it, a URN need not be one
    if diagnostic.urn and f"::{STACK_TYPE}::" not in diagnostic.urn:
        text.append(f" {diagnostic.urn.rsplit('::', 1)[-1]}:", style="bold")
    return text.append(f" {diagnostic.message.strip()}", style="default")


def _unsaid(line: str) -> None:
    """A plan is shown as a tree once it is made; its steps are not told one by one."""


def _finding(found: engine.PolicyResult) -> dict[str, str]:
    return {
        "policy": found.policy,
        "enforcement": found.enforcement,
        "severity": found.severity,
        "urn": found.urn,
        "message": found.message,
        "outcome": found.outcome,
    }


def call(operation: Callable[[], T]) -> T:
    """Call the engine; what it raises is told as the user's mistake or as a failure.

    Raises:
        UserError: the user can mend it.
        OperationError: something failed.
    """
    try:
        return operation()
    except engine.PolicyViolation as error:
        raise as_mistakes([_finding(found) for found in error.results]) or UserError.of(str(error)) from error
    except engine.EngineError as error:
        if isinstance(error, _USERS) or getattr(error, "run_error", False):
            raise UserError.of(str(error)) from error
        raise OperationError(str(error)) from error


def _project(request: Request) -> engine.Project:
    """Ours; its program runs with what datahall is installed with, wherever that is.

    The virtual environment that Pulumi.yaml names is for the official CLI.
    """
    return dataclasses.replace(engine.load_project(request.root), runtime={})


def _options(request: Request) -> engine.Options:
    return engine.Options(
        backend=request.home.state,
        plugin_path=request.plugin_path,
        policy_packs=request.policy_packs,
        environment=request.variables,
        parallel=request.parallel,
        expect_no_changes=request.expect_no_changes,
        pool=request.pool,
    )
