"""One operation on one resource: its values, and the AWS calls that its row describes."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from datahall.sandbox.aws.plugin.aws import Aws, Client
from datahall.sandbox.aws.plugin.paths import search
from datahall.sandbox.aws.plugin.properties import Plain
from datahall.sandbox.aws.plugin.schema import Schema
from datahall.sandbox.aws.plugin.shapes import ApiShape, member_for, to_api
from datahall.sandbox.aws.plugin.table import Call, Step, Template, Text, Type

_REFERENCE: Final = re.compile(r"^\$([+-]?)([A-Za-z][\w.]*)$")
_OWN: Final = frozenset({"id", "token", "region", "account", "item", "state"})
_CONSTANTS: Final = frozenset({"$Latest", "$Default"})  # EC2's own words for versions of a launch template
_FIELD: Final = re.compile(r"{(\w+)}")
_MISSING: Final = object()


class CancelledError(RuntimeError):
    """The engine asked the plugin to stop."""


@dataclass
class Run:
    """What a step works on. `new` and `old` are inputs, `state` the outputs known so far."""

    row: Type
    schema: Schema
    aws: Aws
    region: str
    urn: str = ""
    id: str = ""
    timeout_s: float = 900
    new: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    cancelled: threading.Event = field(default_factory=threading.Event)
    item: Any = None

    @property
    def created(self) -> bool:
        """Whether this run works on a resource that did not exist before it."""
        return not self.old

    def client(self, service: str = "") -> Client:
        """A client for the row's service (or another) in the resource's region."""
        return self.aws.client(service or self.row.service, self.region)

    def token(self) -> str:
        """An idempotency token: the same for the same resource and inputs, the seed of Check among them.

        A replacement has another seed, so AWS never answers it with the resource it replaces.
        """
        text = json.dumps([self.urn, self.new], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def do(self, step: Step) -> Plain:
        """Run one step; returns what a call answered."""
        if not isinstance(step, Call):
            return step(self)
        if not self.applies(step):
            return None
        if step.each:
            for item in self.value(step.each) or ():
                self.item = item
                self.send(step)
            return None
        return self.send(step)

    def send(self, call: Call) -> Plain:
        """The picked part of the answer to a call."""
        client = self.client(call.service)
        model = operation(client, call.op)
        request = self.render(template(call, model.input_shape), model.input_shape)
        request = {} if request is _MISSING else request
        if call.pages:
            response = client.get_paginator(call.op).paginate(**request).build_full_result()
        else:
            response = getattr(client, call.op)(**request)
        return search(call.pick.replace("$id", self.id), response)

    def due(self, step: Step) -> bool:
        """Whether an update step has something to say; a function finds out by itself."""
        return not isinstance(step, Call) or self._due(step)

    def applies(self, call: Call) -> bool:
        """Whether a call's conditions on inputs hold."""
        given = all(self.value(f"${name}") not in (None, "", [], {}) for name in call.needs.split())
        return given and all(_agrees(self.value(f"${name}"), wanted) for name, wanted in call.when.items())

    def value(self, reference: str) -> Plain:
        """What `$name` stands for; None where it has no value."""
        match = _REFERENCE.match(reference)
        if not match:
            raise ValueError(f"{self.row.type}: {reference}: not a reference")
        sign, path = match.groups()
        if sign:
            return self._delta(sign, path)
        head, *rest = path.split(".")
        if head == "item":
            value = self.item
        elif head == "state":
            value = self.state
        elif head in _OWN:
            value = self._own(head)
        else:
            value = self.new.get(head, self.row.cleared.get(head) if head in self.old else None)
        for name in rest:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def render(self, part: Template, shape: ApiShape) -> Plain:
        """A request template with its references replaced; _MISSING where nothing is left."""
        if isinstance(part, str) and _REFERENCE.match(part) and part not in _CONSTANTS:
            return self._referenced(part, shape)
        if isinstance(part, Text):
            return self.text(part)
        if isinstance(part, Mapping):
            members = {
                name: self.render(
                    inner, shape.members[name] if shape.type_name == "structure" else shape.value
                )
                for name, inner in part.items()
            }
            kept = {name: value for name, value in members.items() if value is not _MISSING}
            has_reference = any(isinstance(inner, str) and inner.startswith("$") for inner in part.values())
            # a structure whose references are all empty goes, constants and all
            gone = has_reference and not any(
                name in kept
                for name, inner in part.items()
                if isinstance(inner, str) and inner.startswith("$")
            )
            return kept if kept and not gone else _MISSING
        if isinstance(part, list):
            items = [self.render(inner, shape.member) for inner in part]
            kept_items = [item for item in items if item is not _MISSING]
            return kept_items or _MISSING
        return part

    def text(self, text: Text, known: Mapping[str, Any] | None = None) -> str | None:
        """A text with its fields filled in from the id, the place, inputs and outputs; None if one lacks."""
        names = _FIELD.findall(text.format)
        values = {**self.state, **self.new, **(known or {}), "id": self.id, "region": self.region}
        if "account" in names:
            values["account"] = self.aws.account()
        if any(values.get(name) in (None, "") for name in names):
            return None
        return text.format.format_map(values)

    def poll(self) -> Iterator[None]:
        """Yield until the caller breaks, sleeping in between; TimeoutError, CancelledError."""
        deadline, pause = time.monotonic() + self.timeout_s, 0.02
        while True:
            yield
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.row.type} {self.id}: not done after {self.timeout_s:.0f} s")
            if self.cancelled.wait(pause):
                raise CancelledError("cancelled")
            pause = min(pause * 1.5, 2)

    def _referenced(self, reference: str, shape: ApiShape) -> Plain:
        value = self.value(reference)
        if value is None:
            return _MISSING
        path = _REFERENCE.sub(r"\2", reference)
        if reference.startswith("$-") and isinstance(value, list) and shape.type_name == "list":
            value = self._removed_keys(path, value, shape)
        converted = to_api(shape, value, path, self.row.names)
        # an empty value is only sent to clear what was there
        empty = converted in ([], {}, "") and (reference[1] in "+-" or not _at(self.old, path))
        return _MISSING if converted is None or empty else converted

    def _removed_keys(self, path: str, value: list[Any], shape: ApiShape) -> list[Any]:
        """Keys of removed tags, in the form of the request: plain, or as tags without a value."""
        is_map = isinstance(self.old.get(path), dict)
        if is_map and shape.member.type_name == "structure":
            key = "Key" if "Key" in shape.member.members else "TagKey"
            return [{key: name} for name in value]
        return value

    def _delta(self, sign: str, path: str) -> Plain:
        new, old = self.new.get(path), self.old.get(path)
        if isinstance(new, dict) or isinstance(old, dict):
            new, old = new or {}, old or {}
            if sign == "+":
                return {name: item for name, item in new.items() if old.get(name) != item}
            return [name for name in old if name not in new]
        new, old = new or [], old or []
        kept, other = (new, old) if sign == "+" else (old, new)
        return [item for item in kept if item not in other]

    def _own(self, head: str) -> Plain:
        if head == "id":
            return self.id or None
        if head == "token":
            return self.token()
        return self.region if head == "region" else self.aws.account()

    def _due(self, call: Call) -> bool:
        """Whether an update call has something to say."""
        if self.created and not call.at_create:
            return False
        names = set(references(call)) | {f"${name}" for name in call.when}
        if any(self.value(name) for name in names if name[1] in "+-"):
            return True
        told = {name[1:] for name in names if name[1] not in "+-"}
        told = {name for name in told if name.split(".")[0] not in _OWN}
        if self.created:
            told -= set(self.row.replace.split())
            return any(_at(self.new, name) not in (None, call.fresh.get(name, _MISSING)) for name in told)
        return any(_at(self.new, name) != _at(self.old, name) for name in told)


def _at(values: Plain, path: str) -> Plain:
    for name in path.split("."):
        values = values.get(name) if isinstance(values, dict) else None
    return values


def _agrees(value: Plain, wanted: Plain) -> bool:
    """Equal, an input that was not given being as good as false or empty."""
    return bool(value == wanted or (not value and not wanted))


def operation(client: Client, op: str) -> Plain:
    """botocore's model of an operation by its Python name."""
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[op])


def template(call: Call, shape: ApiShape) -> dict[str, Template]:
    """A call's whole request template: its `args`, and each of its `props` under its own name."""
    result = dict(call.args)
    for name in call.props.split():
        member = member_for(name, shape.members)
        if member is None:
            raise LookupError(f"{call.op}: {name}: the request has no such member")
        result[member] = f"${name}"
    return result


def references(call: Call) -> Iterator[str]:
    """Every `$reference` in a call."""
    yield from (f"${name}" for name in call.props.split())
    if call.each:
        yield call.each
    yield from _references(call.args)


def _references(part: Template) -> Iterator[str]:
    if isinstance(part, str):
        if part.startswith("$") and part not in _CONSTANTS:
            yield part
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as `InvalidVpcID.NotFound`."""
    return str(error.response.get("Error", {}).get("Code", ""))
