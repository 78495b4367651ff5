"""Refresh: the state is brought to what the providers say; nothing of the world is changed.

As the official engine does it, the difference shown is the one that an update without any change of the
program would undo, turned around: from what is recorded to what is there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace

from datahall.engine import providers
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment, Stopped, split
from datahall.engine.diff import NO_CHANGE, Change, component_change, custom_change
from datahall.engine.errors import EngineError
from datahall.engine.events import DiffKind, Op, PropertyDiff, ResourceDone, ResourceFailed, ResourceStarted
from datahall.engine.resources import with_secret_outputs
from datahall.engine.state import ResourceState
from datahall.engine.urn import is_provider
from datahall.engine.values import Properties, mark_secrets, without_secrets

_INVERSE: Mapping[DiffKind, DiffKind] = {
    "add": "delete",
    "delete": "add",
    "add-replace": "delete-replace",
    "delete-replace": "add-replace",
}


@dataclass(frozen=True)
class _Seen:
    """A resource as it is (None: gone), and how that differs from what is recorded."""

    state: ResourceState | None
    change: Change = NO_CHANGE

    @property
    def op(self) -> Op:
        """What the refresh comes to."""
        if self.state is None:
            return Op.DELETE
        return Op.REFRESH if self.change.changes else Op.SAME


def refresh_before(d: Deployment) -> None:
    """Refresh ahead of another operation, which goes on from what is there. Raises as `refresh_all`.

    As the official engine does it, only the steps of the operation itself are counted.
    """
    refresh_all(d, counted=False)
    d.olds, d.recorded, d.condemned = split(d.snapshot.resources())


def refresh_all(d: Deployment, *, counted: bool = True) -> None:
    """Read every resource and record what it is now. Raises the first failure; what was read is kept."""
    gone: list[ResourceState] = []

    def work(old: ResourceState) -> None:
        try:
            if not _refreshed(d, old, counted=counted):
                gone.append(old)
        except Stopped:
            return
        except EngineError as error:
            d.fail(error)

    chosen = [state for state in d.snapshot.resources() if d.targets.select(state)]
    with ThreadPoolExecutor(max_workers=max(1, d.parallel), thread_name_prefix="refresh") as pool:
        for done in [pool.submit(work, state) for state in chosen]:
            done.result()
    if gone:  # all at once: what depends on them is written without them
        d.snapshot.forget(gone)
    if d.errors:
        raise d.errors[0]


def _refreshed(d: Deployment, old: ResourceState, *, counted: bool) -> bool:
    """Whether the resource is still there; if so, what it is now is recorded."""
    read = old.custom and not is_provider(old.type) and not old.pending_replacement
    hidden = providers.is_default(old.urn, old.type)
    with d.slot() if read else nullcontext():
        d.go_on()
        if not hidden:
            parent = old.parent or None
            begun = ResourceStarted(old.urn, old.type, Op.REFRESH, parent, old.name, old=old, new=old)
            d.events.emit(begun)
        began = time.monotonic()
        try:
            seen = _look(d, old) if read else _Seen(old)
        except EngineError as error:
            d.events.emit(ResourceFailed(old.urn, Op.REFRESH, str(error)))
            raise
        if seen.state is not None and seen.state is not old:
            d.snapshot.substitute(old, seen.state)
        if not hidden:
            seconds, id_ = time.monotonic() - began, (seen.state or old).id or None
            diff = list(seen.change.diff)
            detailed = seen.change.detailed
            done = ResourceDone(old.urn, old.type, seen.op, seconds, id_, diff, detailed, old, seen.state)
            d.events.emit(done, counted=counted)
        return seen.state is not None


def _look(d: Deployment, old: ResourceState) -> _Seen:
    plugin = providers.of_resource(d, old)
    outcome = plugin.read(old, old.id, old.outputs, old.inputs)
    if outcome is None:
        return _Seen(None)
    if outcome.errors:
        d.events.say("warning", f"it is not ready: {'; '.join(outcome.errors)}", old.urn)
    new = replace(
        old,
        id=outcome.id,
        inputs=old.inputs if outcome.inputs is None else _still_secret(old.inputs, outcome.inputs),
        outputs=with_secret_outputs(old, _still_secret(old.outputs, outcome.outputs)),
        init_errors=outcome.errors,
    )
    if new == old:
        new = old
    elif (new.inputs, new.outputs) != (old.inputs, old.outputs):
        new = replace(new, modified=now())
    if old.external:
        return _Seen(new, component_change(old.outputs, new.outputs))
    answer = plugin.diff(new, old.inputs, old.ignore_changes)
    undone = custom_change(
        answer,
        old_inputs=new.inputs,
        old_outputs=new.outputs,
        new_inputs=old.inputs,
        hide=old.hide_diff,
    )
    return _Seen(new, replace(undone, diff=tuple(_inverted(item) for item in undone.diff)))


def _inverted(diff: PropertyDiff) -> PropertyDiff:
    return PropertyDiff(diff.path, _INVERSE.get(diff.kind, diff.kind), diff.new, diff.old, diff.of_inputs)


def _still_secret(known: Properties, read: Properties) -> Properties:
    """What was read, with the recorded secrets secret: a provider's read often drops the mark."""
    marked = mark_secrets(read, known)
    for key, value in known.items():
        if key in marked and without_secrets(marked[key]) == without_secrets(value):
            marked[key] = value
    return marked
