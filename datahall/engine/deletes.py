"""Deletes at the end of a run: what the program no longer has, and what was replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from datahall.engine import steps
from datahall.engine.deployment import Deployment, Stopped
from datahall.engine.errors import EngineError, ProtectedResource, ProviderFailed
from datahall.engine.state import ResourceState


def no_longer_wanted(d: Deployment) -> list[ResourceState]:
    """Recorded resources to delete, now that the program has named all that it wants."""
    gone = [state for urn, state in d.olds.items() if urn not in d.claimed]
    return [*gone, *d.condemned]


def refuse_protected(states: Sequence[ResourceState]) -> None:
    """Raise ProtectedResource, naming every protected resource, before anything is deleted."""
    kept = [state.urn for state in states if state.protect and not state.delete]
    if kept:
        raise ProtectedResource(
            f"protect: {', '.join(kept)}: protected resources are not deleted; take `protect` from them first"
        )


def delete_all(d: Deployment, states: Sequence[ResourceState]) -> None:
    """Delete resources in parallel, each after all that need it. Raises the first failure."""
    refuse_protected(states)
    waiting = {id(state): state for state in states}
    blockers = _blockers(states)
    urns = {state.urn for state in states}
    running: dict[Future[None], ResourceState] = {}
    failure: EngineError | Stopped | None = None
    left = False
    with ThreadPoolExecutor(max_workers=max(1, d.parallel), thread_name_prefix="delete") as pool:
        while running or (waiting and failure is None):
            ready = [state for key, state in waiting.items() if not blockers[key] and failure is None]
            if not ready and not running:
                if left:
                    break
                ready = [_first_of_a_circle(waiting, blockers)]
            for state in ready:
                del waiting[id(state)]
                running[pool.submit(steps.delete, d, state, urns)] = state
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                state = running.pop(future)
                error = future.exception()
                if error is None:
                    for remaining in blockers.values():
                        remaining.discard(id(state))
                elif d.targets.continues and isinstance(error, ProviderFailed):
                    left = True  # and what waits for it with it
                    d.remember(error)
                elif isinstance(error, EngineError | Stopped):
                    failure = failure or error
                else:
                    raise error
    if failure is not None:
        raise failure
    for state in waiting.values():
        d.events.say("warning", f"passed over: what depends on {state.urn} is still there", state.urn)


def _first_of_a_circle(
    waiting: Mapping[int, ResourceState], blockers: Mapping[int, set[int]]
) -> ResourceState:
    """Which to delete first where each waits for another.

    An alias and a run that failed can leave a replaced resource that depends on one which depends on its
    successor, of the same URN. So it is one to be deleted that only live ones still seem to need.
    """
    for key, state in waiting.items():
        if state.delete and not any(waiting[other].delete for other in blockers[key]):
            return state
    return list(waiting.values())[-1]


def _blockers(states: Sequence[ResourceState]) -> dict[int, set[int]]:
    """For each state, those that must be deleted before it."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in states:
        by_urn.setdefault(state.urn, []).append(state)
    blockers: dict[int, set[int]] = {id(state): set() for state in states}
    for state in states:
        for needed in state.needs():
            for other in by_urn.get(needed, ()):
                if other is not state:
                    blockers[id(other)].add(id(state))
    return blockers
