"""What an earlier run began and did not end: found out before anything else is done.

A creation is asked for again with the very same inputs, names among them: a provider whose creations are
idempotent by name or token then answers with what it made already, and no second one is made. What was
being updated or deleted is read by its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from datahall.engine import providers
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment
from datahall.engine.errors import ProviderFailed
from datahall.engine.resources import with_secret_outputs
from datahall.engine.state import ResourceState


@dataclass(frozen=True)
class Interrupted:
    """A pending operation of the state file: `kind` is `creating`, `updating` or `deleting`."""

    kind: str
    state: ResourceState


def settle(d: Deployment, found: Iterable[Interrupted]) -> None:
    """Find out what became of interrupted operations, and record it. In a preview they are only told."""
    for operation in found:
        d.go_on()
        state = operation.state
        if operation.kind == "creating":
            if d.dry_run:
                d.events.say(
                    "warning",
                    "an earlier update was interrupted while this was being created; the next one adopts it",
                    state.urn,
                )
            else:
                _adopt(d, state)
        elif operation.kind in ("updating", "deleting") and not d.dry_run:
            _look(d, operation)


def _adopt(d: Deployment, state: ResourceState) -> None:
    try:
        outcome = providers.of_resource(d, state).create(state, preview=False)
    except ProviderFailed as error:
        d.events.say(
            "warning",
            "an earlier update was interrupted while this was being created; it may exist unrecorded, and "
            f"could not be adopted: {error}",
            state.urn,
        )
        return
    stamp = now()
    new = replace(
        state,
        id=outcome.id,
        inputs=state.inputs if outcome.inputs is None else outcome.inputs,
        outputs=with_secret_outputs(state, outcome.outputs),
        init_errors=outcome.errors,
        created=stamp,
        modified=stamp,
    )
    old = d.olds.get(state.urn)
    condemned = None
    if old is not None and not old.pending_replacement:
        condemned = replace(old, delete=True)
        d.condemned.append(condemned)
    d.snapshot.adopt(new, old=old, condemned=condemned)
    d.olds[state.urn] = new
    d.events.say("info", f"adopted: an earlier update was interrupted while creating it ({new.id})", new.urn)


def _look(d: Deployment, operation: Interrupted) -> None:
    """Whether it is there still, and as what. One that cannot be read is taken as it is recorded."""
    state = operation.state
    old = next((s for s in (d.olds.get(state.urn), *d.condemned) if s is not None and _is(s, state)), None)
    if old is None or old.pending_replacement:
        return
    try:
        read = providers.of_resource(d, old).read(old.urn, old.type, old.id, old.outputs, old.inputs)
    except ProviderFailed as error:
        d.events.say("warning", f"interrupted while {operation.kind}; not readable: {error}", old.urn)
        return
    if read is None:
        new = replace(old, pending_replacement=True)
    elif operation.kind == "updating":
        inputs = old.inputs if read.inputs is None else read.inputs
        new = replace(old, inputs=inputs, outputs=with_secret_outputs(old, read.outputs))
    else:
        return
    d.snapshot.substitute(old, new)
    if old.delete:
        d.condemned[:] = [new if s is old else s for s in d.condemned]
    else:
        d.olds[old.urn] = new


def _is(recorded: ResourceState, state: ResourceState) -> bool:
    return recorded.urn == state.urn and recorded.id == state.id
