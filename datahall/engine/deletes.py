"""Deletes at the end of a run: what the program no longer has, and what was replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue

from datahall.engine import steps
from datahall.engine.deployment import Deployment, Stopped
from datahall.engine.errors import EngineError, HookFailed, ProtectedResource, ProviderFailed
from datahall.engine.state import ResourceState
from datahall.engine.urn import split_reference


def no_longer_wanted(d: Deployment) -> list[ResourceState]:
    """Recorded resources to delete, now that the program has named all that it wants."""
    gone = [state for urn, state in d.olds.items() if urn not in d.claimed]
    return [*gone, *d.condemned]


def but_for_pending(d: Deployment, states: Sequence[ResourceState]) -> list[ResourceState]:
    """Those to delete, but for providers that what is pending will be asked of, and what these need."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in states:
        by_urn.setdefault(state.urn, []).append(state)
    needed = [split_reference(state.provider)[0] for state in d.snapshot.to_create() if state.provider]
    kept: set[str] = set()
    while needed:
        urn = needed.pop()
        if urn in by_urn and urn not in kept:
            kept.add(urn)
            needed.extend(chain.from_iterable(state.needs() for state in by_urn[urn]))
    return [state for state in states if state.urn not in kept]


def refuse_protected(states: Sequence[ResourceState]) -> None:
    """Raise ProtectedResource, naming every protected resource, before anything is deleted."""
    kept = [state.urn for state in states if state.protect and not state.delete]
    if kept:
        raise ProtectedResource(
            f"protect: {', '.join(kept)}: protected resources are not deleted; take `protect` from them first"
        )


def refuse_hooked(states: Sequence[ResourceState]) -> None:
    """Raise HookFailed for a recorded delete hook, where no program runs that could have it."""
    for state in states:
        names = [*state.hooks.get("BeforeDelete", ()), *state.hooks.get("AfterDelete", ())]
        if names:
            raise HookFailed(
                f'{state.urn}: hook "{names[0]}" was not registered: destroy runs no program, so it has no '
                "hooks; take it from the resource and run up first"
            )


def delete_all(d: Deployment, states: Sequence[ResourceState]) -> None:
    """Delete resources in parallel, each after all that need it. Raises the first failure."""
    refuse_protected(states)
    frees, waits_for = _order(states)
    waiting = {id(state): state for state in states}
    urns = {state.urn for state in states}
    running: dict[Future[None], ResourceState] = {}
    ended: SimpleQueue[Future[None]] = SimpleQueue()
    failure: EngineError | Stopped | None = None
    left = False
    ready = [state for state in states if not waits_for[id(state)]]
    with ThreadPoolExecutor(max_workers=max(1, d.parallel), thread_name_prefix="delete") as pool:
        while True:
            if not ready and not running and waiting and failure is None and not left:
                ready = [_first_of_a_circle(waiting, frees)]
            for state in ready:
                del waiting[id(state)]
                future = pool.submit(steps.delete, d, state, urns)
                running[future] = state
                future.add_done_callback(ended.put)
            if not running:
                break
            future = ended.get()
            state, ready = running.pop(future), []
            error = future.exception()
            if error is None:
                for needed in frees[id(state)]:
                    waits_for[id(needed)] -= 1
                    if not waits_for[id(needed)] and failure is None and id(needed) in waiting:
                        ready.append(needed)
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
    waiting: Mapping[int, ResourceState], frees: Mapping[int, Sequence[ResourceState]]
) -> ResourceState:
    """Which to delete first where each waits for another.

    An alias and a run that failed can leave a replaced resource that depends on one which depends on its
    successor, of the same URN. So it is one to be deleted that only live ones still seem to need.
    """
    held = {id(needed) for state in waiting.values() if state.delete for needed in frees[id(state)]}
    for key, state in waiting.items():
        if state.delete and key not in held:
            return state
    return list(waiting.values())[-1]


def _order(states: Sequence[ResourceState]) -> tuple[dict[int, list[ResourceState]], dict[int, int]]:
    """For each state those that it needs, and how many need it and must be deleted before it."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in states:
        by_urn.setdefault(state.urn, []).append(state)
    frees: dict[int, list[ResourceState]] = {}
    waits_for = {id(state): 0 for state in states}
    for state in states:
        needed = [other for urn in state.needs() for other in by_urn.get(urn, ()) if other is not state]
        frees[id(state)] = needed
        for other in needed:
            waits_for[id(other)] += 1
    return frees, waits_for
