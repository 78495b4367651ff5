"""Property paths: `root.nested[0]["odd.key"]`, with `*` for any element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from datahall.engine.values import Properties, Secret, Value

Path = tuple[str | int, ...]
_TOKEN = re.compile(
    r"""\.?(?P<name>[^.\[\]"]+) | \[(?P<index>\d+)\] | \[(?P<any>\*)\] | \["(?P<quoted>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*\Z")


def parse_path(text: str) -> Path:
    """The parts of a path. Raises ValueError with the path and the rule."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise ValueError(f'property path: {text!r}: expected a form like root.nested[0]["key"]')
        if match["index"] is not None:
            parts.append(int(match["index"]))
        elif match["quoted"] is not None:
            parts.append(re.sub(r"\\(.)", r"\1", match["quoted"]))
        else:
            parts.append(match["any"] or match["name"])
        position = match.end()
    return tuple(parts)


def format_path(path: Path | list[str | int]) -> str:
    """The text of a path."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN.match(part) or part == "*":
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def contains(pattern: Path, path: Path) -> bool:
    """Whether `path` is `pattern` or lies below it."""
    if len(path) < len(pattern):
        return False
    return all(p in ("*", part) for p, part in zip(pattern, path, strict=False))


def lookup(value: Value, path: Path) -> Value:
    """The value at `path`, or None; secrets on the way stay around what was found."""
    secret = False
    for part in path:
        if isinstance(value, Secret):
            value, secret = value.value, True
        value = _step(value, part)
        if value is None:
            return None
    return Secret(value) if secret and not isinstance(value, Secret) else value


def _step(value: Value, part: str | int) -> Value:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def restore(old: Properties, new: Properties, path: Path) -> Properties:
    """`new` with what lies at `path` set back to what it is in `old` (`ignoreChanges`)."""
    result = _restore(old, new, path)
    return result if isinstance(result, dict) else new


_MISSING: Any = object()


def _restore(old: Value, new: Value, path: Path) -> Value:
    if not path:
        return old
    if isinstance(new, Secret) or isinstance(old, Secret):
        inner = _restore(_bare(old), _bare(new), path)
        return Secret(inner) if isinstance(new, Secret) else inner
    head, rest = path[0], path[1:]
    if isinstance(new, dict) and isinstance(old, dict):
        result = dict(new)
        for key in _keys(head, old, new):
            restored = _restore(old.get(key, _MISSING), new.get(key, _MISSING), rest)
            if restored is _MISSING:
                result.pop(key, None)
            else:
                result[key] = restored
        return result
    if isinstance(new, list) and isinstance(old, list):
        indices = range(min(len(old), len(new))) if head == "*" else (head,)
        items = list(new)
        for index in indices:
            if isinstance(index, int) and index < min(len(old), len(new)):
                items[index] = _restore(old[index], new[index], rest)
        return items
    return new


def _bare(value: Value) -> Value:
    return value.value if isinstance(value, Secret) else value


def _keys(head: str | int, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if head == "*":
        yield from sorted({*old, *new})
    elif isinstance(head, str):
        yield head
