"""When two values of a property mean the same to AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from datahall.sandbox.aws.plugin.documents import same_document
from datahall.sandbox.aws.plugin.properties import UNKNOWN, Plain
from datahall.sandbox.aws.plugin.schema import Shape


def same(
    shape: Shape,
    one: Plain,
    other: Plain,
    *,
    path: str = "",
    ordered: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> bool:
    """Equal by meaning: lists as sets unless `ordered`, `documents` by what they say, null as absent.

    `path` is where the values stand; `ordered` and `documents` name such paths, without list indexes.
    """

    def equal(inner: Shape, left: Plain, right: Plain, at: str) -> bool:
        return same(inner, left, right, path=at, ordered=ordered, documents=documents)

    if one is UNKNOWN or other is UNKNOWN:
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        names = {name for name in (*one, *other) if not name.startswith("__")}
        return all(
            equal(_inner(shape, name), one.get(name), other.get(name), f"{path}.{name}") for name in names
        )
    if isinstance(one, list) and isinstance(other, list):
        return _same_lists(shape.item or Shape("any"), one, other, path, equal, ordered=path in ordered)
    return _same_scalars(one, other, document=path in documents)


def covers(
    shape: Shape,
    given: Plain,
    live: Plain,
    *,
    path: str = "",
    ordered: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> bool:
    """Whether the live value is what was given, members of objects that AWS adds aside."""

    def covered(inner: Shape, left: Plain, right: Plain, at: str) -> bool:
        return covers(inner, left, right, path=at, ordered=ordered, documents=documents)

    if isinstance(given, dict) and isinstance(live, dict) and shape.kind == "object":
        names = [name for name in given if not name.startswith("__")]
        return all(
            covered(_inner(shape, name), given[name], live.get(name), f"{path}.{name}") for name in names
        )
    if isinstance(given, list) and isinstance(live, list):
        return _same_lists(shape.item or Shape("any"), given, live, path, covered, ordered=path in ordered)
    return same(shape, given, live, path=path, ordered=ordered, documents=documents)


def merged(shape: Shape, given: Plain, live: Plain, known: Plain) -> Plain:
    """The live value as an input: of an object the given members and those that changed since `known`."""
    if shape.kind == "object" and isinstance(given, dict) and isinstance(live, dict):
        before = known if isinstance(known, dict) else {}
        return {
            name: merged(_inner(shape, name), given.get(name), value, before.get(name))
            for name, value in live.items()
            if name in shape.fields and value is not None and (name in given or before.get(name) != value)
        }
    if shape.kind == "list" and isinstance(live, list) and shape.item and shape.item.kind == "object":
        return [merged(shape.item, _nth(given, i), one, _nth(known, i)) for i, one in enumerate(live)]
    return live


def _nth(values: Plain, index: int) -> Plain:
    return values[index] if isinstance(values, list) and index < len(values) else {}


def _inner(shape: Shape, name: str) -> Shape:
    if shape.kind == "map" and shape.item:
        return shape.item
    return shape.fields[name].shape if name in shape.fields else Shape("any")


def _same_lists(
    item: Shape,
    one: list[Any],
    other: list[Any],
    path: str,
    equal: Callable[[Shape, Any, Any, str], bool],
    *,
    ordered: bool,
) -> bool:
    if len(one) != len(other):
        return False
    if ordered:
        return all(equal(item, left, right, path) for left, right in zip(one, other, strict=True))
    rest = list(other)
    for left in one:
        match = next((index for index, right in enumerate(rest) if equal(item, left, right, path)), None)
        if match is None:
            return False
        rest.pop(match)
    return True


def _same_scalars(one: Plain, other: Plain, *, document: bool) -> bool:
    if one in (None, "", [], {}) and other in (None, "", [], {}):
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return _text(one) == _text(other)
    if document and isinstance(one, str) and isinstance(other, str):
        return same_document(one, other)
    if isinstance(one, str) != isinstance(other, str):
        return _text(one) == _text(other)
    return bool(one == other)


def _text(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
