"""Diff: which inputs mean something else than before, and whether that takes a new resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from datahall.sandbox.aws.plugin.check import DEFAULTS
from datahall.sandbox.aws.plugin.compare import same
from datahall.sandbox.aws.plugin.properties import Plain
from datahall.sandbox.aws.plugin.schema import Schema, Shape
from datahall.sandbox.aws.plugin.table import Type

Kind = Literal["add", "delete", "update"]


@dataclass
class Diff:
    """Changes by property path; `replaces` are those that take a new resource."""

    changes: dict[str, Kind] = field(default_factory=dict)
    replaces: list[str] = field(default_factory=list)
    delete_first: bool = False


def diff(
    row: Type, schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any], ignored: Sequence[str] = ()
) -> Diff:
    """Compares checked inputs with the last checked ones."""
    result = Diff()
    fixed = row.replace.split()
    for name in sorted({*old, *new}):
        if name.startswith("__"):
            continue
        shape = schema.inputs[name].shape if name in schema.inputs else Shape("any")
        if name not in new and _computed(schema, name):
            continue  # no longer told by the program: what AWS has stays
        for path, kind in _changes(row, shape, old.get(name), new.get(name), name):
            if any(_within(path, one) for one in ignored):
                continue
            result.changes[path] = kind
            if kind == "add" and path in row.kept.split():
                continue  # AWS tells no import what it was
            set_before = kind != "add" and any(_within(path, one) for one in row.fixed_once_set.split())
            if set_before or any(_within(path, one) or _within(one, path) for one in fixed):
                result.replaces.append(path)
    result.delete_first = bool(result.replaces) and _must_delete_first(row, old, new)
    return result


def _computed(schema: Schema, name: str) -> bool:
    return name in schema.outputs and not schema.outputs[name].optional


def _changes(row: Type, shape: Shape, old: Plain, new: Plain, path: str) -> Iterator[tuple[str, Kind]]:
    if same(shape, old, new, path=path, ordered=row.ordered.split(), documents=row.json.split()):
        return
    if isinstance(old, dict) and isinstance(new, dict) and shape.kind in ("object", "map"):
        for name in sorted({*old, *new}):
            if not name.startswith("__"):
                inner = shape.item if shape.kind == "map" else _member(shape, name)
                yield from _changes(
                    row, inner or Shape("any"), old.get(name), new.get(name), f"{path}.{name}"
                )
    elif old in (None, "", [], {}):
        yield path, "add"
    elif new in (None, "", [], {}):
        yield path, "delete"
    else:
        yield path, "update"


def _member(shape: Shape, name: str) -> Shape:
    return shape.fields[name].shape if name in shape.fields else Shape("any")


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _must_delete_first(row: Type, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Where both would have the same name, which AWS allows only once."""
    if row.delete_first:
        return True
    if row.name is None:
        return False
    name = row.name.property
    return name not in new.get(DEFAULTS, ()) and old.get(name) == new.get(name)
