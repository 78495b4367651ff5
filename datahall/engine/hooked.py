"""What the steps do with hooks: run them before and after, and try again what failed."""

from __future__ import annotations

from collections.abc import Callable

from datahall.engine.answers import Outcome
from datahall.engine.deployment import Deployment
from datahall.engine.errors import HookFailed, ProviderFailed
from datahall.engine.state import ResourceState

MOST_FAILURES = 100


def after(
    d: Deployment, kind: str, *, new: ResourceState | None = None, old: ResourceState | None = None
) -> None:
    """Run hooks of a step that is done and recorded: a failure ends the run, but undoes nothing."""
    try:
        d.hooks.run(kind, new=new, old=old)
    except HookFailed as error:
        state = new or old
        d.events.say("error", str(error), state.urn if state else None)
        (d.remember if d.targets.continues else d.fail)(error)


def after_outputs(d: Deployment, state: ResourceState) -> None:
    """Run the after-hooks of a component, which is done when its outputs are known."""
    with d.lock:
        kind, old = d.unfinished.pop(state.urn, ("", None))
    if kind:
        after(d, kind, new=state, old=old)


def retried(
    d: Deployment,
    operation: str,
    call: Callable[[], Outcome],
    *,
    new: ResourceState | None = None,
    old: ResourceState | None = None,
) -> Outcome:
    """Call a provider, again while the resource's error hooks say so; at most 100 times.

    Not asked about are what may have been done all the same, and what exists but did not become ready:
    a second creation would leave the first behind. Raises ProviderFailed, of the provider or a hook.
    """
    failures: list[str] = []
    while True:
        try:
            return call()
        except ProviderFailed as error:
            failures.insert(0, str(error))
            if error.unclear or d.stopped or not _again(d, operation, failures, new, old):
                raise


def _again(
    d: Deployment,
    operation: str,
    failures: list[str],
    new: ResourceState | None,
    old: ResourceState | None,
) -> bool:
    state = new or old
    if state is None or "OnError" not in state.hooks:
        return False
    if len(failures) >= MOST_FAILURES:
        d.events.say("warning", f"maximum number of error hook retries ({MOST_FAILURES}) reached", state.urn)
        return False
    if not d.hooks.retry(operation, failures, new=new, old=old) or d.stopped:
        return False
    d.events.say(
        "warning",
        f"retrying {operation} due to on-error hook request ({len(failures)}/{MOST_FAILURES})",
        state.urn,
    )
    return True
