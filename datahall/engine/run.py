"""The operations: preview, up, refresh, destroy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

from datahall.engine import deletes, refreshes, steps, urn
from datahall.engine.analyzer import blocking
from datahall.engine.deployment import Deployment, Stopped
from datahall.engine.ending import Ending
from datahall.engine.errors import (
    EngineError,
    InvalidProject,
    PlanViolation,
    PolicyViolation,
    ProgramFailed,
    UnexpectedChanges,
    Unsupported,
)
from datahall.engine.events import UNCHANGED, Op
from datahall.engine.in_process import in_process
from datahall.engine.interrupted import settled
from datahall.engine.monitor import Monitor, finish
from datahall.engine.operation import Running, running
from datahall.engine.options import Options, Result
from datahall.engine.outcome import recorded, result_of
from datahall.engine.plan_file import write_plan
from datahall.engine.program import ProgramRun, run_program
from datahall.engine.project import Project
from datahall.engine.registration import Registrar
from datahall.engine.remote import COMPONENT_WORKERS
from datahall.engine.server import serving_monitor
from datahall.engine.state import ResourceState
from datahall.engine.values import contains_unknown


def preview(project: Project, stack: str, options: Options) -> Result:
    """Run the program and tell what an update would do; nothing is changed or written.

    Raises EngineError: PolicyViolation for a mandatory policy, UnexpectedChanges if asked for.
    """
    began = time.monotonic()
    _refuse(options, "exclude_protected")
    with running(project, stack, options, dry_run=True, program=True) as run:
        _program_and_deletes(run, options)
        if options.save_plan is not None:
            opened = run.opened
            noted = run.deployment.planner.noted
            write_plan(options.save_plan, noted, opened.config.raw, opened.crypter.encrypt)
        result = result_of(run.deployment, began)
        if options.expect_no_changes:
            _expect_none(result)
        return result


def up(project: Project, stack: str, options: Options) -> Result:
    """Bring the stack to what the program asks for. Raises EngineError; what was done is recorded.

    With `expect_no_changes` it is a preview that must find nothing to do.
    """
    if options.expect_no_changes:
        return preview(project, stack, options)
    _refuse(options, "exclude_protected", "save_plan")
    began = time.monotonic()
    with (
        running(project, stack, options, dry_run=False, program=True) as run,
        recorded(run, "update", began),
    ):
        _program_and_deletes(run, options)
        return result_of(run.deployment, began)


def refresh(project: Project, stack: str, options: Options) -> Result:
    """Bring the state to what the providers say; the program is not run and nothing else changes.

    Counted are SAME, REFRESH (it differs from what was recorded) and DELETE (it is gone). With
    `expect_no_changes` nothing is written, and UnexpectedChanges raised for any difference.
    """
    return _refresh(project, stack, options, dry_run=options.expect_no_changes)


def preview_refresh(project: Project, stack: str, options: Options) -> Result:
    """Tell what a refresh would record; nothing is written. Raises as `refresh`."""
    return _refresh(project, stack, options, dry_run=True)


def _refresh(project: Project, stack: str, options: Options, *, dry_run: bool) -> Result:
    _refuse(options, "exclude_protected", "replace", "continue_on_error", "refresh", "save_plan", "plan")
    began = time.monotonic()
    with running(project, stack, options, dry_run=dry_run, packs=False) as run:
        _must_exist(run)
        with nullcontext() if dry_run else recorded(run, "refresh", began):
            d = run.deployment
            _check_targets(d)
            refreshes.refresh_all(d)
            root = d.olds.get(urn.root(d.stack, d.project))
            result = result_of(d, began, outputs=root.outputs if root is not None else {})
        if options.expect_no_changes:
            _expect_none(result, "run refresh without it to record them, or undo them")
        return result


def destroy(project: Project, stack: str, options: Options) -> Result:
    """Delete all resources of the stack; the empty stack stays. The program is not run."""
    _refuse(options, "replace", "expect_no_changes", "save_plan", "plan")
    began = time.monotonic()
    with running(project, stack, options, dry_run=False, packs=False) as run:
        _must_exist(run)
        with recorded(run, "destroy", began):
            d = run.deployment
            _check_targets(d)
            with _settled(run, options):
                _deletes(d, [*d.olds.values(), *d.condemned], hooks=False)
                if d.errors:
                    raise _first(d.errors)
            return result_of(d, began, outputs={})


def _refuse(options: Options, *names: str) -> None:
    """Raise Unsupported for an option that the operation would have to ignore."""
    for name in names:
        if getattr(options, name):
            raise Unsupported(f"{name}: not an option of this operation; leave it out")


def _must_exist(run: Running) -> None:
    if not run.opened.checkpoint.exists:
        raise InvalidProject(
            f"stack: {run.opened.stack}: no such stack in project {run.opened.project.name}; "
            "create it with up"
        )


@contextmanager
def _settled(run: Running, options: Options) -> Iterator[None]:
    """Begin with what an earlier run left; what is hopeless of it is given up once all else is done."""
    with settled(run.deployment, run.interrupted):
        if options.refresh or run.opened.project.refreshes:
            refreshes.refresh_before(run.deployment)
        yield


def _program_and_deletes(run: Running, options: Options) -> None:
    with _settled(run, options):
        run.deployment.go_on()
        _run_program(run, options)


def _run_program(run: Running, options: Options) -> None:
    d, opened = run.deployment, run.opened
    failure: ProgramFailed | None = None
    d.targets.check_known(d.targets.replace, d.recorded_urn)
    differing = run.virtualenv.differing() if run.virtualenv else ""
    if run.virtualenv and differing:
        said = f"virtualenv: {run.virtualenv.folder}: of what datahall has, too, the program gets datahall's"
        d.events.say("warning", f"{said}: {differing}")
    ending = Ending(lambda: _end(run, None))
    monitor = Monitor(d, Registrar(d), ending)
    with (
        serving_monitor(monitor, COMPONENT_WORKERS) as monitor.remotes.address,
        in_process(monitor) as served,
    ):
        try:
            run_program(
                ProgramRun(
                    project=opened.project,
                    stack=opened.stack,
                    config=opened.config,
                    dry_run=d.dry_run,
                    parallel=options.parallel,
                    monitor=served,
                    engine=run.service,
                    environment=options.environment,
                    virtualenv=run.virtualenv,
                    program=options.program,
                    interrupts=run.interrupts,
                    mask=d.events.mask,
                    served=d.callbacks.serve,
                    unserved=d.callbacks.close,
                )
            )
        except ProgramFailed as error:
            failure = error
    if failure is not None and not ending.begun:
        _end(run, failure)
    ending.complete()
    if failure is not None:
        raise failure
    _refuse_logged(run)  # by a hook, late


def _end(run: Running, failure: ProgramFailed | None) -> None:
    """What follows when the program has said all: nothing is deleted for one that failed."""
    d = run.deployment
    run.interrupts.calm()
    _finish_stack(d, whole=failure is None and not d.stopped and not d.targets.broken)
    if d.stopped:
        raise _first(d.errors)
    if failure is not None:
        raise failure
    _refuse_logged(run)
    _check_targets(d)
    try:
        _deletes(d, deletes.no_longer_wanted(d))
    except EngineError:
        with suppress(PlanViolation):  # what went wrong is told, not what follows from it
            _finish_stack(d, whole=False)
        raise
    if not d.targets.broken:
        _judge_stack(d)
    if not d.errors:
        d.planner.end(d.olds.keys())
    if d.errors:
        raise _first(d.errors)


def _refuse_logged(run: Running) -> None:
    if run.service.errors:
        raise ProgramFailed(f"the program logged {run.service.errors} error(s)", run_error=True)


def _finish_stack(d: Deployment, *, whole: bool) -> None:
    """Record the stack's outputs; those of a program that failed only add to the old ones."""
    root = d.news.get(urn.root(d.stack, d.project))
    if root is not None and d.stack_outputs is not None:
        given, old = d.stack_outputs, d.olds.get(root.urn)
        known = old.outputs if old is not None else {}
        lost = d.targets.skipped or d.targets.broken
        if lost and not d.dry_run:  # unknown is what comes from a creation that was left alone, or failed
            said = {key: value for key, value in given.items() if not contains_unknown(value)}
            given = {**{key: known[key] for key in given if key in known}, **said}
        finish(d, root, given if whole else {**known, **given})


def _check_targets(d: Deployment) -> None:
    for patterns in (d.targets.target, d.targets.exclude):
        d.targets.check_known(patterns, d.known_urn)


def _first(errors: Sequence[EngineError]) -> EngineError:
    """The error to raise; violations of policies are put together."""
    violations = [error for error in errors if isinstance(error, PolicyViolation)]
    if errors[0] not in violations or len(violations) == 1:
        return errors[0]
    results = [result for error in violations for result in error.results]
    lines = "\n".join(str(error) for error in violations)
    return PolicyViolation(f"{len(results)} violations of mandatory policies:\n{lines}", results)


def _deletes(d: Deployment, states: Sequence[ResourceState], *, hooks: bool = True) -> None:
    """Delete what the targets leave of `states`; without `hooks`, no program has registered any."""
    if not d.dry_run:  # where what is pending is not settled
        states = deletes.but_for_pending(d, states)
    chosen, forbidden = d.targets.deletions(states, d.snapshot.resources())
    if forbidden is not None:
        d.remember(forbidden)
        if not d.dry_run:
            raise forbidden
    if not hooks:
        deletes.refuse_hooked(chosen)
    _plan_deletes(d, states, chosen)
    _tell_what_stays(d, states, chosen)
    try:
        deletes.delete_all(d, chosen)
    except EngineError as error:
        d.fail(error)
        raise
    except Stopped:
        raise _first(d.errors) from None
    if d.stopped:  # an after-hook failed
        raise _first(d.errors)


def _tell_what_stays(d: Deployment, states: Sequence[ResourceState], chosen: Sequence[ResourceState]) -> None:
    """What would go but for the targets stays as it is, and is told and counted so."""
    going = {id(state) for state in chosen}
    for state in states:
        if d.targets.constrained and id(state) not in going and not state.delete:
            with steps.told(d, state, Op.SAME, old=state, planned=()):
                pass


def _plan_deletes(d: Deployment, states: Sequence[ResourceState], chosen: Sequence[ResourceState]) -> None:
    """Ask the plan about all deletes before the first."""
    going = {id(state) for state in chosen}
    for state in states:
        ops: list[str]
        if id(state) not in going:
            ops = [] if state.delete else [Op.SAME]
        elif state.pending_replacement:
            ops = ["remove-pending-replace"]
        elif state.delete and state.urn in d.replaced:
            ops = ["discard-replaced" if state.external else Op.DELETE_REPLACED]
        else:
            ops = ["discard" if state.external else Op.DELETE]
        d.planner.step(state.urn, *ops)


def _judge_stack(d: Deployment) -> None:
    root = urn.root(d.stack, d.project)
    by_reference = {**d.recorded, **{state.reference: state for state in d.news.values()}}
    results = d.analyzers.analyze_stack(list(d.news.values()), by_reference, root)
    for result in results:
        d.events.emit(result)
    violations = blocking(results)
    if violations:
        lines = "\n".join(f"{r.urn}: policy {r.policy}: {r.message}" for r in violations)
        d.remember(PolicyViolation(lines, violations))


def _expect_none(result: Result, fix: str = "run up to apply, or correct the program") -> None:
    if result.changed:
        counts = ", ".join(f"{count} to {op}" for op, count in result.summary.items() if op not in UNCHANGED)
        raise UnexpectedChanges(f"expect_no_changes: {counts}; {fix}")
