"""A changed property as lines to read: what differs inside objects, lists, JSON texts and long texts."""

import difflib
import json
from collections.abc import Iterator

from datahall.engine import PropertyDiff

_SHOWN = 100  # characters of a value
_LINES = 40  # lines of a property
_KEPT = 20  # characters before the first that differs
_SIGNS = {"add": "+", "delete": "-"}
_NESTED = (dict, list)
_Members = dict[str | int, object]


def told(change: PropertyDiff) -> list[str]:
    """The lines of one changed property; how a secret or an unknown value shows is the engine's choice."""
    sign = _SIGNS.get(change.kind.removesuffix("-replace"), "~")
    value = change.new if sign == "+" else change.old
    try:
        lines = list(
            _update(change.path, change.old, change.new) if sign == "~" else _whole(sign, change.path, value)
        )
    except RecursionError:  # a text of a thousand brackets is no JSON to lay out
        lines = [f"{sign} {change.path}: (nested too deeply to show)"]
    more = len(lines) - _LINES
    if more > 0:
        lines[_LINES:] = [f"  ({more} more lines)"]
    if change.replaces:
        lines[0] += " (forces replacement)"
    return lines


def _update(path: str, old: object, new: object) -> Iterator[str]:
    inner_old, inner_new = _parsed(old), _parsed(new)
    if isinstance(inner_old, _NESTED) and type(inner_old) is type(inner_new) and inner_old != inner_new:
        yield from _inside(path, _members(inner_old), _members(inner_new))
    elif isinstance(old, str) and isinstance(new, str) and old != new and "\n" in old + new:
        yield f"~ {path}:"
        rows = list(difflib.unified_diff(old.split("\n"), new.split("\n"), n=1, lineterm=""))[3:]
        yield from ("    ..." if row.startswith("@@") else f"    {_row(row)}" for row in rows)
    else:
        start = _first_difference(old, new)
        yield f"~ {path}: {_shown(old, start)} => {_shown(new, start)}"


def _inside(path: str, befores: _Members, afters: _Members) -> Iterator[str]:
    for key in [*befores, *(key for key in afters if key not in befores)]:
        at = _joined(path, key)
        if key not in afters:
            yield from _whole("-", at, befores[key])
        elif key not in befores:
            yield from _whole("+", at, afters[key])
        elif befores[key] != afters[key]:
            yield from _update(at, befores[key], afters[key])


def _whole(sign: str, path: str, value: object) -> Iterator[str]:
    inner = _parsed(value)
    if len(json.dumps(value, default=str)) <= _SHOWN:
        yield f"{sign} {path}: {_shown(value)}"
    elif isinstance(inner, _NESTED) and inner:
        for key, member in _members(inner).items():
            yield from _whole(sign, _joined(path, key), member)
    elif isinstance(value, str) and "\n" in value:
        yield f"{sign} {path}:"
        yield from (f"    {sign}{_row(row)}" for row in value.split("\n"))
    else:
        yield f"{sign} {path}: {_shown(value)}"


def _parsed(value: object) -> object:
    """An object or list, given as such or as JSON text; else the value as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _members(value: dict[str, object] | list[object]) -> _Members:
    return dict(value.items() if isinstance(value, dict) else enumerate(value))


def _joined(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if key.replace("_", "a").isalnum() else f"{path}[{json.dumps(key)}]"


def _first_difference(old: object, new: object) -> int:
    """From where to show two texts so that what differs is seen."""
    if not (isinstance(old, str) and isinstance(new, str)) or max(len(old), len(new)) <= _SHOWN:
        return 0
    pairs = enumerate(zip(old, new, strict=False))
    at = next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))
    return max(0, at - _KEPT)


def _shown(value: object, start: int = 0) -> str:
    if start and isinstance(value, str):
        return f"...{_cut(json.dumps(value[start:]))}"
    return _cut(json.dumps(value, default=str))


def _row(text: str) -> str:
    """A line of a text; what a terminal would obey is spelt out."""
    return _cut("".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in text))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
