"""What Pulumi.yaml says of a stack's configuration: values, and types with defaults.

As with the official engine, a key of the project's namespace (or of none) may have a type and a default, and
a stack must have a value if there is no default; one of another namespace is only a value for stacks without
one. Here what is declared secret must be one in the stack's file whether it has a type or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.values import Json

_FIELDS: Final = ("type", "items", "default", "value", "description", "secret")
_TYPES: Final = ("string", "integer", "boolean", "array", "object")
_INTEGER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class Declared:
    """One key: `value` is what a stack without one gets, None if it must have one."""

    key: str
    value: Json = None
    type: str = ""
    items: Json = None
    secret: bool = False

    @property
    def type_name(self) -> str:
        """The type as it is shown, `array<array<string>>`."""
        return _name(self.type, self.items)


@dataclass(frozen=True)
class Stacked:
    """A stack's value: text, or the data of a structured one."""

    content: Json
    secret: bool = False


def read_declared(file: Path, project: str, config: Mapping[str, Json]) -> tuple[Declared, ...]:
    """The keys of `config`, in order. Raises InvalidProject, with the key and the rule, or Unsupported."""
    return tuple(_declared(f"config: {key}: {file}", project, key, config[key]) for key in sorted(config))


def complete(
    file: Path, declared: Iterable[Declared], stacked: Mapping[str, Stacked], project: str
) -> dict[str, Json]:
    """The values for what the stack has none of.

    Raises InvalidProject for what it must have, and for a value that is of a wrong type or no secret.
    """
    found: dict[str, Json] = {}
    missing: list[str] = []
    for one in declared:
        full = one.key if ":" in one.key else f"{project}:{one.key}"
        given = stacked.get(full)
        if given is None:
            if one.value is None:
                missing.append(full)
                continue
            found[full], given = one.value, Stacked(one.value)
        where = f"config: {full}"
        if one.secret and not given.secret:
            raise InvalidProject(f"{where}: must be a secret ({file}); set it with config set --secret")
        if one.type and not _fits(one.type, one.items, given.content):
            raise InvalidProject(f"{where}: must be of type {one.type_name} ({file}); set another value")
    if missing:
        raise InvalidProject(
            f"config: {', '.join(missing)}: no value, which {file} asks for; set it with config set"
        )
    return found


def _declared(where: str, project: str, key: str, data: Json) -> Declared:
    if not key or re.search(r"[.\[\]]", key):
        raise Unsupported(f"{where}: paths are not supported here; declare the whole key")
    own = ":" not in key or key.startswith(f"{project}:")
    if not isinstance(data, dict):
        if data is None and not own:
            raise InvalidProject(f"{where}: a value is needed; add `value`")
        return Declared(key, data)
    if unknown := [str(field) for field in data if field not in _FIELDS]:
        raise InvalidProject(f"{where}: {', '.join(unknown)}: only {', '.join(_FIELDS)}; correct it")
    default, value, type_ = data.get("default"), data.get("value"), data.get("type")
    if default is not None and value is not None:
        raise InvalidProject(f"{where}: both default and value; give one of them")
    if not own:
        if type_ is not None or default is not None:
            raise InvalidProject(
                f"{where}: of another namespace, so it has a value only, no type and no default"
            )
        if value is None:
            raise InvalidProject(f"{where}: a value is needed; add `value`")
    if type_ is not None:
        _check_type(where, type_, data.get("items"))
        if default is not None and not _fits(type_, data.get("items"), default):
            raise InvalidProject(
                f"{where}: default {default!r}: not of type {_name(type_, data.get('items'))}"
            )
    secret = data.get("secret", False)
    if not isinstance(secret, bool):
        raise InvalidProject(f"{where}: secret {secret!r}: true or false; correct it")
    return Declared(key, value if default is None else default, type_ or "", data.get("items"), secret)


def _check_type(where: str, type_: Json, items: Json) -> None:
    if type_ not in _TYPES:
        raise InvalidProject(f"{where}: type {type_!r}: not one of {', '.join(_TYPES)}; correct it")
    if type_ == "array":
        if not isinstance(items, dict) or set(items) - {"type", "items"} or "type" not in items:
            raise InvalidProject(f"{where}: items: the type of an array's items is needed; add it")
        _check_type(where, items["type"], items.get("items"))


def _fits(type_: str, items: Any, content: Json) -> bool:  # noqa: ANN401 - one return a type
    if type_ == "string":
        return isinstance(content, str)
    if type_ == "boolean":
        return isinstance(content, bool) or content in ("true", "false")
    if type_ == "integer":
        if isinstance(content, str):
            return _INTEGER.fullmatch(content) is not None
        return type(content) is int or (isinstance(content, float) and content.is_integer())
    if type_ == "object":
        return isinstance(content, dict)
    return isinstance(content, list) and all(
        _fits(items["type"], items.get("items"), each) for each in content
    )


def _name(type_: str, items: Any) -> str:  # noqa: ANN401
    return f"array<{_name(items['type'], items.get('items'))}>" if type_ == "array" else type_
