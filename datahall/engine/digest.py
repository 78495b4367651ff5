"""What a preview found, in the form of the official CLI's `preview --json` (its `PreviewDigest`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from datahall.engine import urn as urns
from datahall.engine.events import Diagnostic, Event, Op, ResourceDone
from datahall.engine.options import Result
from datahall.engine.paths import parse_path
from datahall.engine.state import ResourceState, encode_state
from datahall.engine.values import SECRET_MASK, Properties, Secret, Value, transform

# A replacement is one step there, told when the new one is; reads and what stays as it is are not shown.
_TOLD = {
    Op.CREATE: "create",
    Op.UPDATE: "update",
    Op.DELETE: "delete",
    Op.CREATE_REPLACEMENT: "replace",
    Op.IMPORT: "import",
    Op.IMPORT_REPLACEMENT: "replace",
}


def preview_digest(events: Iterable[Event], result: Result, config: Mapping[str, str]) -> dict[str, Any]:
    """The digest; secrets are `[secret]` in it, what is not known yet is Pulumi's mark of that.

    `config` is shown as it is. What the program prints is not in it, as it is in the official one.
    """
    heard = [event for event in events if not (isinstance(event, Diagnostic) and event.severity == "debug")]
    done = [event for event in heard if isinstance(event, ResourceDone) and _shown(event)]
    digest = {
        "config": dict(config),
        "steps": [_step(event, result) for event in done],
        "diagnostics": [_diagnostic(event) for event in heard if isinstance(event, Diagnostic)],
        "duration": int(result.seconds * 1e9),
        "changeSummary": {str(op): count for op, count in result.summary.items() if count},
    }
    return {name: value for name, value in digest.items() if value}


def _shown(event: ResourceDone) -> bool:
    return event.op in _TOLD or (event.op is Op.SAME and event.type == urns.STACK_TYPE)


def _step(event: ResourceDone, result: Result) -> dict[str, Any]:
    new = None if event.op is Op.DELETE else result.after.get(event.urn)
    names = (event.urn, *(new.aliases if new is not None else ()))
    old = next((result.before[name] for name in names if name in result.before), None)
    keys = sorted({str(parse_path(diff.path)[0]) for diff in event.diff})
    replacing = sorted({str(parse_path(diff.path)[0]) for diff in event.diff if diff.replaces})
    step: dict[str, Any] = {"op": _TOLD.get(event.op, str(event.op)), "urn": event.urn}
    known = new or old
    if known is not None and known.provider:
        step["provider"] = known.provider
    for name, state in (("oldState", old), ("newState", new)):
        if state is not None:
            step[name] = _state(state)
    if keys and step["op"] in ("update", "replace"):
        step["diffReasons"] = keys
    if replacing and step["op"] == "replace":
        step["replaceReasons"] = replacing
    step["detailedDiff"] = (
        {diff.path: {"kind": diff.kind, "inputDiff": diff.of_inputs} for diff in event.diff}
        if event.detailed
        else None
    )
    return step


def _state(state: ResourceState) -> dict[str, Any]:
    shown = replace(state, inputs=_blinded(state.inputs), outputs=_blinded(state.outputs))
    shown = replace(shown, replacement_trigger=_blind(transform(state.replacement_trigger, _blind)))
    return encode_state(shown, _never)


def _blinded(properties: Properties) -> Properties:
    return {key: transform(value, _blind) for key, value in properties.items()}


def _blind(value: Value) -> Value:
    return SECRET_MASK if isinstance(value, Secret) else value


def _never(_: str) -> str:
    raise AssertionError("a secret is left in a digest")


def _diagnostic(event: Diagnostic) -> dict[str, str]:
    told = {"message": f"{event.severity}: {event.message}\n", "severity": event.severity}
    return {"urn": event.urn, **told} if event.urn else told
