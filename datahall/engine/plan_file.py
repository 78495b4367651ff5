"""A plan as a file: `DeploymentPlanV1` of Pulumi's apitype, which the official CLI reads and writes too."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from datahall.engine import urn as urns
from datahall.engine.checkpoint import manifest
from datahall.engine.errors import InvalidProject, MissingPassphrase
from datahall.engine.goal import Alias
from datahall.engine.plan import Changes, GoalPlan, ResourcePlan
from datahall.engine.state import Cipher, decode_value, encode_value
from datahall.engine.storage.folder import write_atomically
from datahall.engine.values import Json, Properties

# attribute, name in the file; the order is that of Pulumi's own files
_PLAIN = (
    ("parent", "parent", str),
    ("protect", "protect", bool),
    ("dependencies", "dependencies", list),
    ("provider", "provider", str),
    ("property_dependencies", "propertyDependencies", dict),
    ("delete_before_replace", "deleteBeforeReplace", bool),
    ("ignore_changes", "ignoreChanges", list),
    ("additional_secret_outputs", "additionalSecretOutputs", list),
    ("id", "id", str),
)
_ALIAS = (("urn", "URN"), ("name", "Name"), ("type", "Type"), ("project", "Project"), ("stack", "Stack"))


def write_plan(
    file: Path, plans: Mapping[str, ResourcePlan], config: Mapping[str, Any], encrypt: Cipher
) -> None:
    """Write a plan; secrets in it are encrypted. Raises InvalidProject where it cannot be written."""
    data = {
        "manifest": manifest(),
        **({"config": dict(config)} if config else {}),
        "resourcePlans": {urn: _resource(plans[urn], encrypt) for urn in sorted(plans)},
    }
    try:
        write_atomically(file, (json.dumps(data, indent=4, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise InvalidProject(f"plan: {file}: cannot be written ({error.strerror}); name another") from None


def _resource(plan: ResourcePlan, encrypt: Cipher) -> dict[str, Any]:
    outputs = None if plan.outputs is None else _values(plan.outputs, encrypt)
    return {
        **({"goal": _goal(plan.goal, encrypt)} if plan.goal is not None else {}),
        **({"steps": list(plan.steps)} if plan.steps else {}),
        "state": outputs,
        **({"seed": base64.b64encode(plan.seed).decode()} if plan.seed else {}),
    }


def _goal(goal: GoalPlan, encrypt: Cipher) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": goal.type,
        "name": goal.name,
        "custom": goal.custom,
        "inputDiff": _changes(goal.inputs, encrypt),
        "outputDiff": _changes(goal.outputs, encrypt),
    }
    for attribute, name, _ in _PLAIN:
        value = getattr(goal, attribute)
        if value or value is False:
            data[name] = value
    if goal.aliases:
        data["structuredAliases"] = [
            {
                **{name: getattr(alias, attribute) for attribute, name in _ALIAS},
                "Parent": alias.parent or "",
                "NoParent": alias.parent == "",
            }
            for alias in goal.aliases
        ]
    data["customTimeouts"] = dict(goal.custom_timeouts)
    return data


def _changes(changes: Changes, encrypt: Cipher) -> dict[str, Any]:
    parts = {
        "adds": _values(changes.adds, encrypt),
        "deletes": list(changes.deletes),
        "updates": _values(changes.updates, encrypt),
    }
    return {name: part for name, part in parts.items() if part}


def _values(values: Properties, encrypt: Cipher) -> dict[str, Any]:
    return {key: encode_value(values[key], encrypt) for key in sorted(values)}


def read_plan(file: Path, stack: str, project: str, decrypt: Cipher) -> dict[str, ResourcePlan]:
    """The plan in a file, by URN.

    Raises InvalidProject for a file that is none, or is one of another stack, and MissingPassphrase for one
    whose secrets this stack's key does not open.
    """
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise InvalidProject(f"plan: {file}: cannot be read ({error.strerror}); correct the path") from None
    except (ValueError, RecursionError):
        raise InvalidProject(f"plan: {file}: not JSON; save a new plan with preview") from None
    try:
        resources = _of(data, "resourcePlans", dict)
        plans = {str(urn): _read(plan, decrypt) for urn, plan in resources.items()}
        parsed = [urns.parse(urn) for urn in plans]
        if not isinstance(data["manifest"], dict):
            raise TypeError("manifest")
    except MissingPassphrase:
        raise MissingPassphrase(
            f"plan: {file}: its secrets are not encrypted with the key of {stack}; save a new plan"
        ) from None
    except (AttributeError, TypeError, ValueError, KeyError):
        raise InvalidProject(f"plan: {file}: not a plan; save a new one with preview") from None
    for urn in parsed:
        if (urn.stack, urn.project) != (stack, project):
            raise InvalidProject(
                f"plan: {file}: of stack {urn.stack} of project {urn.project}; save one of {stack}"
            )
    return plans


def _read(plan: Json, decrypt: Cipher) -> ResourcePlan:
    goal, outputs = plan.get("goal"), plan.get("state")
    try:
        seed = base64.b64decode(_of(plan, "seed", str), validate=True)
    except binascii.Error:
        raise ValueError("seed") from None
    return ResourcePlan(
        goal=None if goal is None else _read_goal(goal, decrypt),
        steps=tuple(map(str, _of(plan, "steps", list))),
        outputs=None if outputs is None else _read_values(outputs, decrypt),
        seed=seed,
    )


def _read_goal(data: Json, decrypt: Cipher) -> GoalPlan:
    values: dict[str, Any] = {
        attribute: _of(data, name, kind) for attribute, name, kind in _PLAIN if data.get(name) is not None
    }
    for attribute, value in values.items():
        if isinstance(value, list):
            values[attribute] = tuple(value)
    if "property_dependencies" in values:
        needed = values["property_dependencies"]
        values["property_dependencies"] = {key: tuple(each or ()) for key, each in needed.items()}
    return GoalPlan(
        type=data["type"],
        name=data["name"],
        custom=data["custom"],
        inputs=_read_changes(_of(data, "inputDiff", dict), decrypt),
        outputs=_read_changes(_of(data, "outputDiff", dict), decrypt),
        aliases=tuple(
            [Alias(urn=urn) for urn in _of(data, "aliases", list)]
            + [_read_alias(each) for each in _of(data, "structuredAliases", list)]
        ),
        custom_timeouts=_of(data, "customTimeouts", dict),
        **values,
    )


def _read_alias(data: Json) -> Alias:
    parent = "" if data.get("NoParent") else data.get("Parent") or None
    return Alias(**{attribute: data.get(name) or "" for attribute, name in _ALIAS}, parent=parent)


def _read_changes(data: Json, decrypt: Cipher) -> Changes:
    return Changes(
        adds=_read_values(_of(data, "adds", dict), decrypt),
        deletes=tuple(_of(data, "deletes", list)),
        updates=_read_values(_of(data, "updates", dict), decrypt),
    )


def _read_values(data: Json, decrypt: Cipher) -> Properties:
    return {key: decode_value(value, decrypt) for key, value in data.items()}


def _of(data: Json, name: str, kind: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON of that kind
    """A member of a kind, empty where there is none. Raises TypeError for one of another kind."""
    value = data.get(name)
    if value is None:
        return kind()
    if not isinstance(value, kind):  # type: ignore[arg-type]  # it is a type
        raise TypeError(name)
    return value
