"""Which resources a delete-before-replace takes along."""

from __future__ import annotations

from datahall.engine import providers
from datahall.engine.deployment import Deployment
from datahall.engine.diff import custom_change
from datahall.engine.links import provider_urn
from datahall.engine.state import ResourceState
from datahall.engine.urn import is_provider
from datahall.engine.values import UNKNOWN, Properties


def to_replace(d: Deployment, root: ResourceState) -> list[ResourceState]:
    """Recorded resources that must be replaced with `root`, in dependency order.

    A resource must when its provider is replaced, when it goes with its `deletedWith`, when it is replaced
    with `root` itself, or when its provider says that it must if the inputs that come from a replaced
    resource become unknown. Those that this run has dealt with already cannot depend on `root` any more.
    """
    going = {root.urn}
    found: list[ResourceState] = []
    for state in d.snapshot.resources():
        settled = state.delete or state.external or state.pending_replacement or state.urn in d.claimed
        if settled or going.isdisjoint(state.needs()):
            continue
        named = root.urn in (state.deleted_with, *state.replace_with)
        if not named and not (state.custom and _must(d, state, going)):
            continue
        found.append(state)
        going.add(state.urn)
    with d.lock:
        found = [state for state in found if state.urn not in d.claimed and state.urn not in d.deleted]
        d.deleted.update(state.urn for state in found)
    return found


def _must(d: Deployment, state: ResourceState, going: set[str]) -> bool:
    if provider_urn(state.provider) in going or state.deleted_with in going:
        return True
    inputs: Properties = {
        key: value if going.isdisjoint(state.property_dependencies.get(key, ())) else UNKNOWN
        for key, value in state.inputs.items()
    }
    if inputs == state.inputs:
        return False
    if is_provider(state.type):
        return False
    answer = providers.of_resource(d, state).diff(state, inputs, state.ignore_changes)
    change = custom_change(
        answer,
        old_inputs=state.inputs,
        old_outputs=state.outputs,
        new_inputs=inputs,
        replace_on_changes=state.replace_on_changes,
    )
    return change.replace
