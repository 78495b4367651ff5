"""From a goal to a resource's state: identity, earlier identities, provider."""

from __future__ import annotations

from dataclasses import replace

from datahall.engine import urn as urns
from datahall.engine.deployment import Deployment
from datahall.engine.errors import ProgramFailed
from datahall.engine.goal import Alias, Goal
from datahall.engine.state import ResourceState
from datahall.engine.urn import Urn
from datahall.engine.values import Properties, Secret


def new_state(deployment: Deployment, goal: Goal, urn: str, provider: str) -> ResourceState:
    """The state that the goal asks for, with the program's inputs and no outputs yet."""
    inputs = dict(goal.inputs)
    if goal.is_provider:
        inputs = goal.plugin_request.recorded(inputs, goal.env_mappings)
    return ResourceState(
        urn=urn,
        type=goal.type,
        custom=goal.custom,
        parent=goal.parent,
        provider=provider,
        inputs=inputs,
        dependencies=goal.dependencies,
        property_dependencies=goal.property_dependencies,
        protect=bool(goal.protect),
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        replace_with=goal.replace_with,
        import_id=goal.import_id,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=tuple(earlier_urns(deployment, goal, urn)),
        custom_timeouts=goal.custom_timeouts,
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        replacement_trigger=goal.replacement_trigger,
        hide_diff=goal.hide_diff,
        hooks=goal.hooks,
        source_position=goal.place.position,
        stack_trace=goal.place.stack,
    )


def claim(deployment: Deployment, goal: Goal) -> str:
    """The goal's URN, taken. Raises ProgramFailed for a duplicate or a parent that was not registered."""
    if goal.parent and goal.parent not in deployment.claimed:
        raise ProgramFailed(
            f"{goal.type} {goal.name!r}: parent {goal.parent}: not registered by this program"
        )
    urn = urns.make(deployment.stack, deployment.project, goal.parent, goal.type, goal.name)
    with deployment.lock:
        if urn in deployment.claimed:
            raise ProgramFailed(
                f"{goal.type} {goal.name!r}: duplicate resource URN {urn}; give each resource of a type "
                "and parent a name of its own"
            )
        deployment.claimed.add(urn)
    return urn


def find_old(deployment: Deployment, state: ResourceState) -> ResourceState | None:
    """The resource as recorded, under this URN or an earlier one (which then counts as dealt with)."""
    with deployment.lock:
        # Matched or not: after a run that failed half way, a child may still stand below an earlier URN.
        deployment.aliased[state.urn] = state.aliases
        if state.urn in deployment.olds:
            return deployment.olds[state.urn]
        for earlier in state.aliases:
            old = deployment.olds.get(earlier)
            if old is not None and earlier not in deployment.claimed:
                deployment.claimed.add(earlier)
                return old
    return None


def earlier_urns(deployment: Deployment, goal: Goal, urn: str) -> list[str]:
    """URNs of the goal's aliases, and those that follow from its parent's earlier URNs."""
    found: list[str] = []
    parents = deployment.aliased.get(goal.parent, ())
    for alias in goal.aliases:
        found.append(_earlier(deployment, goal, alias, alias.parent))
        if alias.parent is None and not alias.urn:
            found += [_earlier(deployment, goal, alias, parent) for parent in parents]
    for parent in parents:
        found.append(_earlier(deployment, goal, Alias(name=_inherited_name(goal, parent)), parent))
    return list(dict.fromkeys(item for item in found if item != urn))


def _earlier(deployment: Deployment, goal: Goal, alias: Alias, parent: str | None) -> str:
    if alias.urn:
        return alias.urn
    above = goal.parent if parent is None else parent
    urn = urns.parse(
        urns.make(
            deployment.stack, deployment.project, above, alias.type or goal.type, alias.name or goal.name
        )
    )
    return str(Urn(alias.stack or urn.stack, alias.project or urn.project, urn.qualified_type, urn.name))


def _inherited_name(goal: Goal, earlier_parent: str) -> str:
    """A child named after its parent was named after the parent's earlier name."""
    now, before = urns.name_of(goal.parent), urns.name_of(earlier_parent)
    return before + goal.name.removeprefix(now) if goal.name.startswith(now) else goal.name


def with_secret_outputs(state: ResourceState, outputs: Properties) -> Properties:
    """Outputs, secret where `additionalSecretOutputs` says so or where the input of that name is."""
    named = (*state.additional_secret_outputs, *(k for k, v in state.inputs.items() if isinstance(v, Secret)))
    bare = {k: Secret(outputs[k]) for k in named if k in outputs and not isinstance(outputs[k], Secret)}
    return {**outputs, **bare} if bare else outputs


def carried(state: ResourceState, old: ResourceState) -> ResourceState:
    """A state with what only the recorded one knows."""
    return replace(
        state,
        id=old.id,
        created=old.created,
        modified=old.modified,
        other=old.other,
    )
