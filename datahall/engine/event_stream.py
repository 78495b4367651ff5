"""An operation's events in the official engine's form: its `EngineEvent` (`up --json`, `--event-log`).

Colours are never in them, nor are secrets, nor what the SDK logs to debug. Steps of default providers, which
the official event log has and its `--json` has not, are left out.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from datahall.engine.event_states import blinded_state
from datahall.engine.events import (
    Diagnostic,
    Event,
    Op,
    OutputsRecorded,
    PolicyResult,
    PropertyDiff,
    ResourceDone,
    ResourceFailed,
    ResourceStarted,
)
from datahall.engine.paths import parse_path
from datahall.engine.state import ResourceState

Outcome = Literal["succeeded", "failed", "canceled"]
_REPLACING = {Op.CREATE_REPLACEMENT, Op.IMPORT_REPLACEMENT}
_DISCARDS = {Op.DELETE: "discard", Op.DELETE_REPLACED: "discard-replaced"}
_PARTS = {"create-replacement", "import-replacement", "delete-replaced", "discard-replaced", "refresh"}
_LEFT_OUT = ("keys", "diffs", "logical")  # where there is nothing in them
_NO_STATUS, _UNCLEAR = 0, 2  # StatusOK and StatusUnknown of the official engine


@dataclass(frozen=True)
class _Step:
    """A step as the official engine has it; `diff` only where something differs from what was."""

    op: str
    urn: str
    type: str
    old: ResourceState | None
    new: ResourceState | None
    diff: list[PropertyDiff] = field(default_factory=list)
    detailed: bool = False
    refreshed: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is one of its own, no part of a replacement."""
        return self.op not in _PARTS

    def metadata(self) -> dict[str, Any]:
        keys = {str(parse_path(each.path)[0]) for each in self.diff if each.replaces}
        diffs = {str(parse_path(each.path)[0]) for each in self.diff}
        known = self.new or self.old
        data: dict[str, Any] = {
            "op": self.op,
            "urn": self.urn,
            "type": self.type,
            "old": blinded_state(self.old),
            "new": blinded_state(self.new),
            "keys": sorted(keys),
            "diffs": sorted(diffs),
            "detailedDiff": {
                each.path: {"diffKind": each.kind, "inputDiff": each.of_inputs} for each in self.diff
            }
            if self.detailed
            else None,
            "logical": self.counts and not self.refreshed,
            "provider": known.provider if known is not None else "",
        }
        return {
            name: value for name, value in data.items() if value or name not in ("keys", "diffs", "logical")
        }


class EventStream:
    """Turns one operation's events into the official ones, in order; `write` gets each as data.

    `refreshing`: the operation is a refresh, whose steps count as what they come to.
    """

    def __init__(
        self, write: Callable[[dict[str, Any]], None], *, planning: bool, refreshing: bool = False
    ) -> None:
        self._write, self._planning, self._refreshing = write, planning, refreshing
        self._sequence = 0
        self._began = time.monotonic()
        self._begun: dict[str, _Step] = {}
        self._gone_ahead: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._packs: dict[str, str] = {}
        self._unclear = False
        self._told: set[str] = set()

    def begin(self, config: Mapping[str, str]) -> None:
        """The operation begins, with its configuration, secrets blinded."""
        self._emit("preludeEvent", {"config": dict(config)})

    def hear(self, event: Event) -> None:
        """Take an event, one at a time."""
        match event:
            case ResourceStarted():
                self._started(event)
            case ResourceDone():
                self._done(event)
            case ResourceFailed():
                self._failed(event)
            case OutputsRecorded():
                step = self._begun.get(event.urn)
                if step is not None:
                    self._outputs(replace(step, new=event.state))
            case PolicyResult():
                self._policy(event)
            case Diagnostic():
                if event.severity != "debug":
                    self._say(event)

    def end(self, outcome: Outcome, error: str = "") -> None:
        """The operation is over; `error` is told unless it was."""
        if error and error not in self._told:
            self._say(Diagnostic("error", error))
        seconds = math.ceil(time.monotonic() - self._began)
        self._emit(
            "summaryEvent",
            {
                "maybeCorrupt": self._unclear,
                "durationSeconds": seconds,
                "resourceChanges": dict(self._counts),
                "PolicyPacks": self._packs,
                "isPreview": self._planning,
                "result": outcome,
            },
        )
        self._emit("cancelEvent", {})

    def _started(self, event: ResourceStarted) -> None:
        step = _step(event, str(event.op))
        self._begun[event.urn] = step
        if _left_over(step):
            return
        if event.op in _REPLACING and event.urn in self._gone_ahead:
            self._replace(step)
        self._pre(step)

    def _done(self, event: ResourceDone) -> None:
        begun = self._begun.get(event.urn)
        op = str(event.op)
        refreshed = begun is not None and begun.op == Op.REFRESH
        if refreshed:
            # of a refresh ahead of another operation only the steps are told
            op = {Op.REFRESH: "update"}.get(event.op, op) if self._refreshing else "refresh"
        step = replace(_step(event, op), refreshed=refreshed)
        if _left_over(step):
            return
        if event.op in (Op.IMPORT, Op.IMPORT_REPLACEMENT) and step.old is None:
            step = replace(step, old=step.new)
        replaced_later = event.op in _REPLACING and event.urn not in self._gone_ahead
        if replaced_later and step.old is not None:
            step = replace(step, old=replace(step.old, delete=True))
        if event.op is Op.DELETE_REPLACED:
            self._gone_ahead.add(event.urn)
        self._count(step)
        state = step.new or step.old
        component = state is not None and not state.custom
        if self._planning or not component or step.new is None or refreshed:
            self._outputs(step)
        if replaced_later:
            self._replace(step)

    def _replace(self, step: _Step) -> None:
        """The step that stands for a whole replacement."""
        whole = replace(step, op="replace")
        self._pre(whole)
        self._count(whole)
        self._outputs(whole)

    def _count(self, step: _Step) -> None:
        same = step.old is not None and step.new is not None and step.old.outputs == step.new.outputs
        if step.counts and not (step.op == "read" and (step.old is None or same)):
            self._counts[step.op] += 1

    def _failed(self, event: ResourceFailed) -> None:
        self._told.add(event.message)
        self._say(Diagnostic("error", event.message, event.urn))
        self._unclear = self._unclear or event.unclear
        step = self._begun.get(event.urn)
        if step is None or self._planning or step.op not in (str(event.op), *_DISCARDS.values()):
            return  # nothing of it was begun
        status = _UNCLEAR if event.unclear else _NO_STATUS
        told = {"metadata": step.metadata(), "status": status, "steps": sum(self._counts.values())}
        self._emit("resOpFailedEvent", told)

    def _policy(self, event: PolicyResult) -> None:
        self._packs[event.pack] = event.version
        if event.outcome == "not_judged":
            self._say(Diagnostic("info", f"{event.policy}: not judged: {event.message}", event.urn))
            return
        told = {
            "resourceUrn": event.urn,
            "message": f"{event.message}\n",
            "color": "never",
            "policyName": event.policy,
            "policyPackName": event.pack,
            "policyPackVersion": event.version,
            "policyPackVersionTag": event.version,
            "enforcementLevel": event.enforcement,
        }
        self._emit("policyEvent", {**told, "severity": event.severity} if event.severity else told)

    def _say(self, event: Diagnostic) -> None:
        told: dict[str, Any] = {"urn": event.urn} if event.urn else {}
        if event.severity != "info":
            told["prefix"] = f"{event.severity}: "
        told |= {"message": f"{event.message}\n", "color": "never", "severity": event.severity}
        if event.stream:
            told["streamID"] = event.stream
        self._emit("diagnosticEvent", {**told, "ephemeral": True} if event.ephemeral else told)

    def _pre(self, step: _Step) -> None:
        self._tell("resourcePreEvent", step)

    def _outputs(self, step: _Step) -> None:
        self._tell("resOutputsEvent", step)

    def _tell(self, name: str, step: _Step) -> None:
        metadata = step.metadata()
        self._emit(
            name, {"metadata": metadata, "planning": True} if self._planning else {"metadata": metadata}
        )

    def _emit(self, name: str, content: dict[str, Any]) -> None:
        self._write({"sequence": self._sequence, "timestamp": int(time.time()), name: content})
        self._sequence += 1


def _step(event: ResourceStarted | ResourceDone, op: str) -> _Step:
    if event.op in _DISCARDS and event.old is not None and event.old.external:
        op = _DISCARDS[event.op]
    differs = event.op not in (Op.CREATE, Op.SAME, Op.READ)
    return _Step(
        op,
        event.urn,
        event.type,
        event.old,
        event.new,
        event.diff if differs else [],
        event.detailed and differs,
    )


def _left_over(step: _Step) -> bool:
    """Of what was deleted ahead only the record is left; the official engine does not show that it goes."""
    return step.op == Op.DELETE_REPLACED and step.old is not None and step.old.pending_replacement
