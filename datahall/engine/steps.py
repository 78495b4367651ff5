"""The steps: each calls the provider, records the outcome and tells of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from datahall.engine import providers
from datahall.engine.answers import Outcome
from datahall.engine.checkpoint import now
from datahall.engine.dependents import to_replace
from datahall.engine.deployment import Deployment
from datahall.engine.diff import NO_CHANGE, Change, created
from datahall.engine.errors import EngineError, ProtectedResource, ProviderFailed
from datahall.engine.events import Op, ResourceDone, ResourceFailed, ResourceStarted
from datahall.engine.hooked import after, retried
from datahall.engine.resources import carried, with_secret_outputs
from datahall.engine.state import ResourceState
from datahall.engine.urn import is_provider

_DELETES = frozenset({Op.DELETE, Op.DELETE_REPLACED})
_BY_ITSELF = frozenset({Op.SAME, Op.IMPORT, Op.IMPORT_REPLACEMENT})


@contextmanager
def told(
    d: Deployment,
    state: ResourceState,
    op: Op,
    change: Change = NO_CHANGE,
    *,
    old: ResourceState | None = None,
    planned: Sequence[str] | None = None,
) -> Iterator[Callable[[ResourceState], None]]:
    """Take a place if the provider is called, and tell that the step begins and is done, or failed.

    An import takes a place for each of its calls by itself. `old` is what is recorded, `planned` are its
    steps in a plan if not just `op`. The yielded call takes the state that the step gave. Raises Stopped
    when the run is ending.
    """
    hidden = providers.is_default(state.urn, state.type)
    calls = state.custom and not is_provider(state.type) and op not in _BY_ITSELF
    with d.slot() if calls else nullcontext():
        d.go_on()
        d.planner.step(state.urn, *((op,) if planned is None else planned))
        before, after_ = (state, None) if op in _DELETES else (old, state)
        diff, parent = list(change.diff), state.parent or None
        if not hidden:
            d.events.emit(
                ResourceStarted(
                    state.urn, state.type, op, parent, state.name, diff, change.detailed, before, after_
                )
            )
        began, results = time.monotonic(), [after_]
        try:
            yield results.append
        except EngineError as error:
            d.events.emit(ResourceFailed(state.urn, op, str(error), getattr(error, "unclear", False)))
            if d.targets.continues and isinstance(error, ProviderFailed) and not is_provider(state.type):
                with d.lock:
                    d.targets.broken.update({state.urn, *state.aliases})
            raise
        if not hidden:
            seconds, id_ = time.monotonic() - began, (results[-1] or state).id or None
            d.events.emit(
                ResourceDone(
                    state.urn, state.type, op, seconds, id_, diff, change.detailed, before, results[-1]
                )
            )


def keep(d: Deployment, state: ResourceState) -> ResourceState:
    """The state, now known as this run's."""
    with d.lock:
        d.news[state.urn] = state
    if not state.external:
        d.planner.result(state.urn, state.outputs)
    return state


def same(d: Deployment, old: ResourceState, state: ResourceState) -> ResourceState:
    """Nothing to change: the recorded id and outputs stand."""
    new = replace(carried(state, old), outputs=with_secret_outputs(state, old.outputs))
    with told(d, new, Op.SAME, old=old):
        if is_provider(new.type):
            d.registry.configure(replace(new, inputs=old.inputs))
        d.snapshot.add(new, old=old)
    return keep(d, new)


def leave(
    d: Deployment, old: ResourceState | None, state: ResourceState, *, recreating: bool
) -> ResourceState:
    """Leave a resource that is not targeted as it is recorded; what is not there is not created.

    One that was deleted ahead, with a targeted one, is made again as it was.
    """
    if old is None:
        d.planner.step(state.urn, Op.SAME)
        d.targets.skipped.add(state.urn)
        d.events.left_out()
        return replace(state, outputs={})
    if recreating:
        return recreate(d, old, replace(state, inputs=old.inputs))
    with told(d, old, Op.SAME, old=old), d.lock:
        d.targets.held.append(old)
    return keep(d, old)


def pass_over(d: Deployment, state: ResourceState) -> ResourceState:
    """Leave out what depends on a step that failed; what is recorded of it stays."""
    with d.lock:
        d.targets.passed_over.update({state.urn, *state.aliases})
    d.events.say("warning", f"passed over: {state.urn} depends on a resource that failed", state.urn)
    return replace(state, outputs={})


def create(d: Deployment, state: ResourceState) -> ResourceState:
    """Create a resource."""
    change = Change(changes=True, diff=created(state.inputs))
    with told(d, state, Op.CREATE, change) as tell:
        new = _created(d, state)
        tell(new)
        d.snapshot.add(new, intent=state)
        return _done(d, keep(d, new))


def recreate(d: Deployment, old: ResourceState, state: ResourceState) -> ResourceState:
    """Create a resource whose earlier instance was deleted ahead of this, or was never ours."""
    with d.lock:
        d.replaced.add(state.urn)
    old = d.until_gone(old.urn) or old
    change = Change(changes=True, diff=created(state.inputs))
    planned = ["create-replacement", "replace", "discard-replaced"]
    if not old.external:
        planned = ["replace", "create-replacement"]
    with told(d, state, Op.CREATE_REPLACEMENT, change, old=old, planned=planned) as tell:
        new = _created(d, state)
        tell(new)
        d.snapshot.add(new, intent=state, old=old)
        return _done(d, keep(d, new))


def update(d: Deployment, old: ResourceState, state: ResourceState, change: Change) -> ResourceState:
    """Change a resource in place."""
    intent = replace(carried(state, old), outputs=old.outputs)
    with told(d, intent, Op.UPDATE, change, old=old) as tell:
        d.hooks.run("BeforeUpdate", new=intent, old=old)
        if is_provider(state.type):
            new = replace(providers.configure(d, intent), modified=now())
            tell(new)
            d.snapshot.add(new, old=old)
            return _done(d, keep(d, new), old)
        if not state.custom:
            new = replace(intent, modified=now())
            d.snapshot.add(new, old=old)
            return _done(d, keep(d, new), old)
        outcome = _updated(d, old, intent)
        new = replace(
            intent,
            inputs=intent.inputs if outcome.inputs is None else outcome.inputs,
            outputs=with_secret_outputs(state, outcome.outputs),
            init_errors=outcome.errors,
            modified=now(),
        )
        tell(new)
        d.snapshot.add(new, intent=intent, old=old)
        return _done(d, keep(d, new), old)


def replace_resource(
    d: Deployment, old: ResourceState, state: ResourceState, change: Change, *, delete_first: bool
) -> ResourceState:
    """Replace a resource: create and then delete, or the other way round."""
    with d.lock:
        d.replaced.update({old.urn, state.urn})
    if delete_first or old.pending_replacement:
        for dependent in reversed(to_replace(d, old)):
            _refuse_protected_dependent(d, dependent, old)
            delete_ahead(d, dependent)
        if not old.pending_replacement:
            delete_ahead(d, old)
        with d.lock:
            old = d.olds[old.urn]
    planned = (Op.REPLACE, Op.CREATE_REPLACEMENT)
    if not old.pending_replacement:
        planned = planned[::-1]
    with told(d, state, Op.CREATE_REPLACEMENT, change, old=old, planned=planned) as tell:
        new = _created(d, state)
        tell(new)
        if old.pending_replacement:
            d.snapshot.add(new, intent=state, old=old)
        else:
            condemned = replace(old, delete=True)
            d.snapshot.add_beside(new, intent=state, old=old, condemned=condemned)
            with d.lock:
                d.condemned.append(condemned)
        return _done(d, keep(d, new))


def delete_ahead(d: Deployment, state: ResourceState) -> None:
    """Delete a resource now that is created again later in this run."""
    with d.lock:
        d.deleted.add(state.urn)
    with told(d, state, Op.DELETE_REPLACED):
        d.hooks.run("BeforeDelete", old=state)
        _deleted(d, state, deleting=d.deleted)
        gone = replace(state, pending_replacement=True)
        d.snapshot.substitute(state, gone, intent=state)
        d.went(gone)
        after(d, "AfterDelete", old=state)


def delete(d: Deployment, state: ResourceState, deleting: Collection[str]) -> None:
    """Delete a resource for good. `deleting` are the URNs that go in this operation."""
    op = Op.DELETE_REPLACED if state.delete or state.pending_replacement else Op.DELETE
    with told(d, state, op, planned=()):  # the plan was asked about all deletes together
        if state.pending_replacement:  # only the record of it is left
            d.snapshot.remove(state, intent=state)
            return
        d.hooks.run("BeforeDelete", old=state)
        _deleted(d, state, deleting)
        d.snapshot.remove(state, intent=state)
        after(d, "AfterDelete", old=state)


def refuse_protected(d: Deployment, old: ResourceState, state: ResourceState) -> None:
    """Raise ProtectedResource for a replacement of what is, and stays, protected."""
    if not (old.protect and state.protect):
        return
    error = ProtectedResource(
        f"{state.urn}: protect: a protected resource cannot be replaced; take `protect` from it first"
    )
    if not d.dry_run:
        raise error
    d.remember(error)


def _refuse_protected_dependent(d: Deployment, dependent: ResourceState, root: ResourceState) -> None:
    if not dependent.protect:
        return
    error = ProtectedResource(
        f"{dependent.urn}: protect: it would be replaced because {root.urn} is; take `protect` from it first"
    )
    if not d.dry_run:
        raise error
    d.remember(error)


def _created(d: Deployment, state: ResourceState) -> ResourceState:
    d.hooks.run("BeforeCreate", new=state)
    if is_provider(state.type):
        new = providers.configure(d, state)
    elif not state.custom:
        new = state
    else:
        plugin = providers.of_resource(d, state)
        d.snapshot.begin("creating", state)
        outcome = _called(
            d, state, lambda: retried(d, "create", lambda: plugin.create(state, preview=d.dry_run), new=state)
        )
        new = replace(
            state,
            id=outcome.id,
            inputs=state.inputs if outcome.inputs is None else outcome.inputs,
            outputs=with_secret_outputs(state, outcome.outputs),
            init_errors=outcome.errors,
        )
    stamp = now()
    return replace(new, created=stamp, modified=stamp)


def _updated(d: Deployment, old: ResourceState, state: ResourceState) -> Outcome:
    plugin = providers.of_resource(d, state)
    d.snapshot.begin("updating", state)

    def call() -> Outcome:
        return plugin.update(old, state, state.ignore_changes, preview=d.dry_run)

    return _called(d, state, lambda: retried(d, "update", call, new=state, old=old))


def _deleted(d: Deployment, state: ResourceState, deleting: Collection[str]) -> None:
    left_alone = (
        not state.custom
        or is_provider(state.type)
        or state.external
        or state.retain_on_delete
        or state.deleted_with in deleting
        or _imported_elsewhere(d, state)
    )
    if d.dry_run or left_alone:
        return
    plugin = providers.of_resource(d, state)
    d.snapshot.begin("deleting", state)
    _called(d, state, lambda: retried(d, "delete", lambda: _then_nothing(plugin.delete, state), old=state))


def _imported_elsewhere(d: Deployment, state: ResourceState) -> bool:
    """Whether the stack imported the very same resource under another URN, too: the last to go takes it."""
    with d.lock:
        urns = d.imported.get((state.type, state.id), set())
        urns.discard(state.urn)
    for urn in sorted(urns)[:1]:
        said = f"{state.id} is not deleted, as {urn} imported it too: only this record of it goes"
        d.events.say("warning", said, state.urn)
    return bool(urns)


def _then_nothing(call: Callable[[ResourceState], None], state: ResourceState) -> Outcome:
    call(state)
    return Outcome(state.id, {})


def _called(d: Deployment, state: ResourceState, call: Callable[[], Outcome]) -> Outcome:
    try:
        return call()
    except ProviderFailed as error:
        if not error.unclear:
            d.snapshot.abandon(state)
        raise


def _done(d: Deployment, state: ResourceState, old: ResourceState | None = None) -> ResourceState:
    """A step's state, recorded, with what comes after; `old` for an update."""
    if state.init_errors:
        reasons = "; ".join(state.init_errors)
        raise ProviderFailed(f"{state.urn}: it exists, but did not become ready: {reasons}")
    kind = "AfterCreate" if old is None else "AfterUpdate"
    if state.custom:
        after(d, kind, new=state, old=old)
    else:  # done when its outputs are
        with d.lock:
            d.unfinished[state.urn] = (kind, old)
    return state
