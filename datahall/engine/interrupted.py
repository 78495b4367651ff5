"""What an earlier run began and did not end: found out before anything else is done.

A creation is asked for again with the very same inputs, names among them: a provider whose creations are
idempotent by name or token then answers with what it made already, and no second one is made. What was
being updated or deleted is read by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from datahall.engine import providers
from datahall.engine import urn as urns
from datahall.engine.answers import Outcome
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment
from datahall.engine.errors import ProviderFailed
from datahall.engine.resources import with_secret_outputs
from datahall.engine.snapshot import freed
from datahall.engine.state import ResourceState


@dataclass(frozen=True)
class Interrupted:
    """A pending operation of the state file: `kind` is `creating`, `updating` or `deleting`."""

    kind: str
    state: ResourceState


@contextmanager
def settled(d: Deployment, found: Iterable[Interrupted]) -> Iterator[None]:
    """Settle what an earlier run left; what is hopeless of it is given up once all else is done."""
    hopeless = settle(d, found)
    yield
    for state in hopeless:
        d.snapshot.settled(state)


def settle(d: Deployment, found: Iterable[Interrupted]) -> list[ResourceState]:
    """Find out what became of interrupted operations, and record it. In a preview they are only told.

    Gives creations that were refused for the second time: if this run succeeds, the provider works, and there
    is no use in asking again. Raises ProviderFailed if what was being updated or deleted cannot be read.
    """
    hopeless = []
    # What was given up goes last: what it asks for may be, by its name, what another one made.
    ordered = sorted(found, key=lambda operation: operation.kind == "creating" and operation.state.delete)
    answers = {} if d.dry_run else _asked_again(d, [o.state for o in ordered if o.kind == "creating"])
    for operation in ordered:
        d.go_on()
        state = operation.state
        if operation.kind == "creating":
            if d.dry_run:
                d.events.say(
                    "warning",
                    "an earlier update was interrupted while this was being created; the next one adopts it",
                    state.urn,
                )
            elif not _adopted(d, state, answers[id(state)]) and state.delete:
                hopeless.append(state)
        elif operation.kind in ("updating", "deleting") and not d.dry_run:
            _look(d, operation)
            d.snapshot.settled(state)
    return hopeless


def _asked_again(d: Deployment, states: Iterable[ResourceState]) -> dict[int, Outcome | ProviderFailed]:
    """What the creations come to; several at a time, as each may last until it is given up."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in states:
        by_urn.setdefault(state.urn, []).append(state)

    def create(state: ResourceState) -> Outcome | ProviderFailed:
        d.go_on()
        try:
            return providers.of_resource(d, state).create(state, preview=False)
        except ProviderFailed as error:
            return error

    with ThreadPoolExecutor(max_workers=max(1, d.parallel), thread_name_prefix="settle") as pool:
        answered = pool.map(lambda group: [(id(state), create(state)) for state in group], by_urn.values())
        return dict(chain.from_iterable(answered))


def _adopted(d: Deployment, state: ResourceState, outcome: Outcome | ProviderFailed) -> bool:
    if isinstance(outcome, ProviderFailed):
        then = "look whether it is there" if state.delete else "the next run tries again"
        d.snapshot.postpone(state)
        d.events.say(
            "warning",
            "an earlier update was interrupted while this was being created; it may exist unrecorded, and "
            f"could not be adopted ({then}): {outcome}",
            state.urn,
        )
        return False
    old = d.olds.get(state.urn)
    known = (old, *d.condemned) if state.delete else (old,)
    if any(_is_live(each, state, outcome) for each in known if each is not None):
        d.snapshot.settled(state)
        return True
    stamp = now()
    new = replace(
        _still_needed(d, state),
        id=outcome.id,
        inputs=state.inputs if outcome.inputs is None else outcome.inputs,
        outputs=with_secret_outputs(state, outcome.outputs),
        init_errors=outcome.errors,
        created=stamp,
        modified=stamp,
    )
    d.events.say("info", f"adopted: an earlier update was interrupted while creating it ({new.id})", new.urn)
    if new.delete:
        d.condemned.append(new)
        d.snapshot.adopt(new, operation=state, old=None, condemned=None)
        return True
    condemned = None
    if old is not None and not old.pending_replacement:
        condemned = replace(old, delete=True)
        d.condemned.append(condemned)
    d.snapshot.adopt(new, operation=state, old=old, condemned=condemned)
    d.olds[state.urn] = new
    return True


def _still_needed(d: Deployment, state: ResourceState) -> ResourceState:
    """The state without references to what is gone by now."""
    left = {each.urn for each in d.snapshot.resources()}
    root = urns.root(d.stack, d.project)
    return freed(state, left, root if state.parent and root in left else "")


def _look(d: Deployment, operation: Interrupted) -> None:
    """Whether it is there still, and as what. Raises ProviderFailed if that cannot be told just now.

    What a provider that has no Read was at is taken as it is recorded.
    """
    state = operation.state
    old = next((s for s in (d.olds.get(state.urn), *d.condemned) if s is not None and _is(s, state)), None)
    if old is None or old.pending_replacement:
        return
    try:
        read = providers.of_resource(d, old).read(old, old.id, old.outputs, old.inputs)
    except ProviderFailed as error:
        if error.absent:
            d.events.say("warning", f"interrupted while {operation.kind}; not readable: {error}", old.urn)
            return
        said = f"{error}; it was interrupted while {operation.kind}, so its state must be known first"
        raise ProviderFailed(said, unclear=error.unclear) from None
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


def _is_live(recorded: ResourceState, state: ResourceState, outcome: Outcome) -> bool:
    same = recorded.urn == state.urn and recorded.id == outcome.id
    return same and not recorded.pending_replacement


def _is(recorded: ResourceState, state: ResourceState) -> bool:
    return recorded.urn == state.urn and recorded.id == state.id
