"""A plan: what a preview found that an update would do, to which an update can be held.

The rules are those of the official engine: an unknown value in a plan allows any value and none; where an
update was planned, nothing at all may be done; where a replacement was planned, an update may be. Options of
a resource must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from datahall.engine.goal import Alias, Goal
from datahall.engine.state import ResourceState
from datahall.engine.urn import split_reference
from datahall.engine.values import (
    UNKNOWN_TEXT,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
    masked,
)

_ALLOWED = {
    "create": {"same", "create"},
    "update": {"same", "update"},
    "replace": {"same", "update", "replace"},
    "create-replacement": {"same", "update", "create-replacement"},
    "delete-replaced": {"same", "update", "delete-replaced"},
}


@dataclass(frozen=True)
class Changes:
    """How a property map changes, by its top-level names."""

    adds: Properties = field(default_factory=dict)
    deletes: tuple[str, ...] = ()
    updates: Properties = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GoalPlan:
    """What the program asked for, and how inputs and outputs would change by it."""

    type: str
    name: str
    custom: bool
    inputs: Changes = field(default_factory=Changes)
    outputs: Changes = field(default_factory=Changes)
    parent: str = ""
    protect: bool = False
    dependencies: tuple[str, ...] = ()
    provider: str = ""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    id: str = ""
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ResourcePlan:
    """One resource's plan; without a goal it only goes. `outputs` bind nobody, `seed` is for its names."""

    goal: GoalPlan | None = None
    steps: tuple[str, ...] = ()
    outputs: Properties | None = None
    seed: bytes = b""


def goal_plan(goal: Goal, state: ResourceState) -> GoalPlan:
    """What a registration asks for; `state` has what the engine worked out: provider and protection."""
    return GoalPlan(
        type=goal.type,
        name=goal.name,
        custom=goal.custom,
        parent=goal.parent,
        protect=state.protect,
        dependencies=goal.dependencies,
        provider=state.provider,
        property_dependencies=goal.property_dependencies,
        delete_before_replace=goal.delete_before_replace,
        ignore_changes=goal.ignore_changes,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=goal.aliases,
        id=goal.import_id,
        custom_timeouts=goal.custom_timeouts,
    )


def unplanned(asked: GoalPlan, old: ResourceState) -> GoalPlan:
    """What stands for the plan of a resource that was recorded and not planned: it stays as it is."""
    return replace(
        asked,
        parent=old.parent,
        protect=old.protect,
        dependencies=old.dependencies,
        provider=old.provider,
        property_dependencies=old.property_dependencies,
        additional_secret_outputs=old.additional_secret_outputs,
        custom_timeouts=old.custom_timeouts,
    )


def allows(planned: str, op: str) -> bool:
    """Whether a step may be done where another was planned."""
    return op in _ALLOWED.get(planned, {planned})


def changes(old: Properties, new: Properties) -> Changes:
    """How `new` differs from `old`; a null counts as none."""
    differing = {key for key in {*old, *new} if not alike(old.get(key), new.get(key), unknowns=False)}
    return Changes(
        adds={key: new[key] for key in sorted(differing) if old.get(key) is None},
        deletes=tuple(key for key in sorted(differing) if new.get(key) is None),
        updates={key: new[key] for key in sorted(differing) if None not in (old.get(key), new.get(key))},
    )


def alike(one: Value, other: Value, *, unknowns: bool = True) -> bool:
    """Whether two values are the same; with `unknowns`, what is not known is like anything."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return unknowns or (isinstance(one, Unknown) and isinstance(other, Unknown))
    if isinstance(one, dict) and isinstance(other, dict):
        keys = {*one, *other}
        return all(alike(one.get(key), other.get(key), unknowns=unknowns) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(alike(a, b, unknowns=unknowns) for a, b in pairs)
    if isinstance(one, Secret) and isinstance(other, Secret):
        return alike(one.value, other.value, unknowns=unknowns)
    if isinstance(one, ResourceReference) and isinstance(other, ResourceReference):
        return one.urn == other.urn and alike(one.id or "", other.id or "", unknowns=unknowns)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def goal_violations(planned: GoalPlan, asked: GoalPlan) -> Iterator[str]:
    """What a registration asks for other than was planned, but for the properties."""
    for each in fields(GoalPlan):
        name = each.name
        before, after = getattr(planned, name), getattr(asked, name)
        if name in ("inputs", "outputs", "type", "name"):
            continue
        if name == "provider":
            same = before == after or _settled(before, after)
        elif name == "property_dependencies":  # a property that was unknown may be left out
            common = before.keys() & after.keys()
            same = all(set(before[key]) == set(after[key]) for key in common)
        elif isinstance(before, tuple):
            same = set(before) == set(after)
        else:
            same = before == after
        if not same:
            yield f"{name}: {_plain(after)}, planned: {_plain(before)}"


def _settled(planned: str, actual: str) -> bool:
    """Whether a provider's id was not known when it was planned, and now is."""
    if not (planned and actual):
        return False
    urn, id_ = split_reference(planned)
    return id_ == UNKNOWN_TEXT and urn == split_reference(actual)[0]


def _plain(value: Any) -> str:  # noqa: ANN401 - a field of a plan
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value or isinstance(value, bool) else "none"


def property_violations(planned: Changes, old: Properties, new: Properties) -> list[str]:
    """Properties of `new` that the plan does not allow. Secrets are not shown."""
    found = []
    for key in sorted({*old, *new, *planned.adds, *planned.updates, *planned.deletes}):
        before, after = old.get(key), new.get(key)
        if not _fits(planned, key, before, after):
            found.append(f"{key}: {_told(before, after)}, planned: {_expected(planned, key)}")
    return found


def _fits(planned: Changes, key: str, before: Value, after: Value) -> bool:
    if key in planned.adds or key in planned.updates:
        value = planned.adds.get(key, planned.updates.get(key))
        if after is None:
            return isinstance(value, Unknown)
        # what was to be updated is still there; what was to be added may have come to be there
        return alike(value, after) and (key in planned.adds or before is not None)
    if key in planned.deletes:
        return after is None
    return alike(before, after)


def _told(before: Value, after: Value) -> str:
    if after is None:
        return "is deleted" if before is not None else "is not there"
    if before is None:
        return f"is added as {masked(after)}"
    return f"stays {masked(after)}" if alike(before, after) else f"becomes {masked(after)}"


def _expected(planned: Changes, key: str) -> str:
    for word, values in (("add", planned.adds), ("update to", planned.updates)):
        if key in values:
            return f"{word} {masked(values[key])}"
    return "delete" if key in planned.deletes else "no change"
