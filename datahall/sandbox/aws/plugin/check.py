"""Check: inputs validated by the SDK's classes and AWS's service models, then completed.

An input is obeyed or refused by name, never ignored. Values of secrets are never told.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from datahall.sandbox.aws.plugin.aws import Aws
from datahall.sandbox.aws.plugin.documents import document
from datahall.sandbox.aws.plugin.naming import Proposal, auto_name
from datahall.sandbox.aws.plugin.properties import UNKNOWN, Plain, has_unknown
from datahall.sandbox.aws.plugin.run import operation, references, template
from datahall.sandbox.aws.plugin.schema import Property, Schema, Shape
from datahall.sandbox.aws.plugin.shapes import ApiShape, NoMemberError, to_api, violations
from datahall.sandbox.aws.plugin.table import Call, Step, Template, Type

_KINDS = {"str": "a string", "bool": "true or false", "int": "a whole number", "float": "a number"}
DEFAULTS = "__defaults"
TOKEN = "__token"  # noqa: S105 - the name of an input


@dataclass(frozen=True)
class Failure:
    """One refused property and why."""

    property: str
    reason: str


@dataclass
class Checked:
    """Completed inputs, or the failures that forbid them."""

    inputs: dict[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What Check is asked: the program's inputs, the last checked ones, and what names are made of."""

    urn: str
    news: Mapping[str, Any]
    olds: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()
    seed: bytes = b""
    proposal: Proposal | None = None
    default_tags: Mapping[str, str] = field(default_factory=dict)


def check(row: Type, schema: Schema, aws: Aws, question: Question) -> Checked:
    """Inputs with documents as text, a name, defaults and `tagsAll`; or every failure at once."""
    given = {name: value for name, value in question.news.items() if not name.startswith("__")}
    given.pop("tagsAll", None)  # ours to compute, also where an import hands it back
    for name in row.json.split():
        if isinstance(given.get(name), dict):
            given[name] = UNKNOWN if has_unknown(given[name]) else document(given[name])
    failures = [
        *_names(row, schema, given),
        *_types(schema, given, question.secrets),
        *_groups(row, given),
    ]
    if not failures:
        failures = list(_constraints(row, aws, given, question.secrets))
    if failures:
        return Checked(failures=failures)
    return Checked(inputs=_completed(row, schema, given, question))


def supported(row: Type) -> set[str]:
    """The inputs that a row obeys."""
    calls = [
        step for step in (*_creations(row), *row.update, *row.read, *row.delete) if isinstance(step, Call)
    ]
    told = {reference.lstrip("$+-").split(".")[0] for call in calls for reference in references(call)}
    told |= {name for call in calls for name in (*call.when, *call.needs.split())}
    return told | set(row.used.split()) | set(row.kept.split()) | {"tags", "region"}


def _creations(row: Type) -> tuple[Step, ...]:
    return row.create if isinstance(row.create, tuple) else (row.create,)


def _names(row: Type, schema: Schema, given: Mapping[str, Any]) -> Iterator[Failure]:
    known, refused = supported(row), set(row.refused.split())
    for name, value in given.items():
        if name not in schema.inputs:
            yield Failure(name, f"{name}: unknown property of {row.type}{_hint(name, schema.inputs)}")
        elif (name in refused or name not in known) and value is not False:
            yield Failure(name, f"{name}: not supported by the sandbox's {row.type}; leave it out")
    for name, property in schema.inputs.items():
        if property.required and name not in given:
            yield Failure(name, f"{name}: missing: {row.type} requires it")


def _types(schema: Schema, given: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[Failure]:
    for name, value in given.items():
        if name in schema.inputs:
            for path, reason in _mistyped(schema.inputs[name].shape, value, name, hide=name in secrets):
                yield Failure(path, reason)


def _mistyped(shape: Shape, value: Plain, path: str, *, hide: bool) -> Iterator[tuple[str, str]]:
    if value is UNKNOWN or value is None or shape.kind == "any":
        return
    shown = "[secret]" if hide else repr(value)
    if shape.kind == "object":
        if not isinstance(value, dict):
            yield path, f"{path}: {shown}: must be an object"
            return
        yield from _members(shape.fields, value, path, hide=hide)
    elif shape.kind in ("list", "map"):
        wanted = list if shape.kind == "list" else dict
        if not isinstance(value, wanted):
            yield path, f"{path}: {shown}: must be a {shape.kind}"
            return
        item = shape.item or Shape("any")
        pairs = enumerate(value) if isinstance(value, list) else value.items()
        for key, inner in pairs:
            at = f"{path}[{key}]" if shape.kind == "list" else f"{path}.{key}"
            yield from _mistyped(item, inner, at, hide=hide)
    elif not _is(shape.kind, value):
        yield path, f"{path}: {shown}: must be {_KINDS[shape.kind]}"


def _members(
    fields: Mapping[str, Property], value: Mapping[str, Any], path: str, *, hide: bool
) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if name.startswith("__"):
            continue
        if name not in fields:
            yield f"{path}.{name}", f"{path}.{name}: unknown property{_hint(name, fields)}"
        else:
            yield from _mistyped(fields[name].shape, inner, f"{path}.{name}", hide=hide)
    for name, property in fields.items():
        if property.required and name not in value:
            yield f"{path}.{name}", f"{path}.{name}: missing: it is required"


def _is(kind: str, value: Plain) -> bool:
    if kind == "str":
        return isinstance(value, str | bool | int | float)
    if kind == "bool":
        return isinstance(value, bool) or str(value).lower() in ("true", "false")
    try:
        return not isinstance(value, bool) and (float(value).is_integer() or kind == "float")
    except (TypeError, ValueError):
        return False


def _groups(row: Type, given: Mapping[str, Any]) -> Iterator[Failure]:
    for group in row.exactly_one:
        names = group.split()
        if sum(_given(given, name) for name in names) != 1:
            yield Failure(names[0], f"{', '.join(names)}: exactly one of these must be given")
    for group in row.at_most_one:
        names = [name for name in group.split() if _given(given, name)]
        if len(names) > 1:
            yield Failure(names[1], f"{' and '.join(names)}: they exclude each other; give one")


def _given(values: Mapping[str, Any], path: str) -> bool:
    head, _, member = path.partition(".")
    inner = values.get(head)
    return head in values and (not member or (isinstance(inner, dict) and member in inner))


def _constraints(row: Type, aws: Aws, given: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[Failure]:
    """What the request members that an input fills allow: enums, sizes, ranges, names."""
    seen = set()
    for reference, shape in _targets(row, aws):
        name, *rest = reference.split(".")
        value = given.get(name)
        for inner in rest:
            value = value.get(inner) if isinstance(value, dict) else None
        try:
            to_api(shape, value, reference, row.names)
            found = list(violations(shape, value, reference, row.names))
        except NoMemberError as error:
            found = [(error.path, None, "not supported by the sandbox; leave it out")]
        except (ValueError, TypeError, AttributeError):
            found = [(reference, None, "cannot be sent to AWS as it is")]
        for path, told, rule in found:
            if path not in seen:
                seen.add(path)
                shown = "" if told is None or name in secrets else f"{told!r}: "
                yield Failure(path, f"{path}: {shown}{rule}")


def _targets(row: Type, aws: Aws) -> Iterator[tuple[str, ApiShape]]:
    """(input reference, request member) for each place where an input is sent."""
    steps = [step for step in (*_creations(row), *row.update) if isinstance(step, Call)]
    for call in steps:
        shape = operation(aws.client(call.service or row.service), call.op).input_shape
        yield from _placed(template(call, shape), shape)


def _placed(part: Template, shape: ApiShape) -> Iterator[tuple[str, ApiShape]]:
    if isinstance(part, str):
        if part.startswith("$") and part[1] not in "+-":
            yield part[1:], shape
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _placed(inner, shape.members[name] if shape.type_name == "structure" else shape.value)
    elif isinstance(part, list):
        for inner in part:
            yield from _placed(inner, shape.member)


def _completed(row: Type, schema: Schema, given: dict[str, Any], question: Question) -> dict[str, Any]:
    inputs = dict(given)
    filled = []
    for name, value in row.defaults.items():
        if name not in inputs:
            inputs[name] = value
            filled.append(name)
    if row.name and row.name.property not in inputs:
        name = _name(row, inputs, question)
        if name is not None:
            inputs[row.name.property] = name
            filled.append(row.name.property)
    inputs[DEFAULTS] = sorted(filled)
    token = question.olds.get(TOKEN) if question.olds else question.seed.hex()[:32]
    if token:
        inputs[TOKEN] = token
    if "tagsAll" in schema.outputs:
        own = inputs.get("tags")
        known = isinstance(own, dict) and not has_unknown(own)
        inputs["tagsAll"] = (
            {**question.default_tags, **own}
            if known and own
            else (UNKNOWN if has_unknown(own) else dict(question.default_tags))
        )
    return inputs


def _name(row: Type, inputs: Mapping[str, Any], question: Question) -> Plain:
    """The name given last time if it was ours; else the engine's proposal; else a new one."""
    rule = row.name
    if rule is None:
        return None
    prefix = inputs.get(rule.prefix_property)
    if rule.property in question.olds.get(DEFAULTS, ()) and prefix == question.olds.get(rule.prefix_property):
        return question.olds.get(rule.property)
    if prefix is UNKNOWN:
        return UNKNOWN
    proposal = question.proposal
    if proposal and not prefix:
        return None if proposal.mode == "disable" else proposal.name
    return auto_name(rule, question.urn, question.seed, prefix or "")


def _hint(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
