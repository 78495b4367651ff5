"""Conversion between Pulumi's property values and AWS's request and response members.

botocore's service model says what AWS takes (names, types, enums, ranges), `pulumi_aws` what Pulumi has.
Names are matched by spelling, whatever the case and the plural (`subnetIds` = `SubnetIds`,
`rules` = `Rule`); where they differ a row's `names` says so.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from datahall.sandbox.aws.plugin.properties import UNKNOWN, Plain
from datahall.sandbox.aws.plugin.schema import Property, Shape

ApiShape = Any
"""A botocore.model.Shape."""

_TAG_KEYS: Final = ("Key", "TagKey", "key")
_TAG_VALUES: Final = ("Value", "TagValue", "value")
_TRUE: Final = {"true": True, "false": False, "1": True, "0": False}


def member_for(name: str, members: Iterable[str]) -> str | None:
    """The member that a property's name means, or None."""
    by_spelling: dict[str, str] = {}
    for member in members:
        by_spelling.setdefault(_spelling(member), member)
    plain = _spelling(name)
    for candidate in (
        plain,
        plain + "s",
        plain.removesuffix("s"),
        _singular(plain),
        plain.removesuffix("es"),
    ):
        if candidate in by_spelling:
            return by_spelling[candidate]
    for spelled, member in by_spelling.items():
        if _singular(spelled) == plain:
            return member
    return None


def to_api(shape: ApiShape, value: Plain, path: str, names: Mapping[str, str]) -> Plain:
    """A property's value as the request member of this botocore shape takes it; unknowns stay."""
    if value is None or value is UNKNOWN:
        return value
    kind = shape.type_name
    if kind == "structure":
        return _to_structure(shape, value, path, names)
    if kind == "list":
        if isinstance(value, dict) and _is_tag_list(shape):
            return _to_tags(shape.member, value)
        items = value if isinstance(value, list) else [value]
        return [to_api(shape.member, item, path, names) for item in items]
    if kind == "map":
        return {key: to_api(shape.value, item, path, names) for key, item in value.items()}
    return _to_scalar(kind, value)


def from_api(shape: Shape, value: Plain, path: str, names: Mapping[str, str]) -> Plain:
    """A response member as the Pulumi property of this type has it; None where AWS tells nothing."""
    if value is None:
        return None
    if shape.kind == "list":
        items = value if isinstance(value, list) else [value]
        item = shape.item or Shape("any")
        return [from_api(item, one, path, names) for one in items]
    if shape.kind == "map":
        return _from_map(shape, value, path, names)
    if shape.kind == "object":
        if isinstance(value, list):
            return from_api(shape, value[0], path, names) if value else None
        return _from_structure(shape, value, path, names)
    return _from_scalar(shape, value)


def absent(property: Property) -> Plain:
    """What Pulumi shows for an output that AWS does not tell: null if it may be absent, else empty."""
    if property.optional:
        return [] if property.shape.kind == "list" else {} if property.shape.kind == "map" else None
    empty = {"str": "", "bool": False, "int": 0, "float": 0, "list": [], "map": {}, "object": {}}
    return empty.get(property.shape.kind)


def violations(
    shape: ApiShape, value: Plain, path: str, names: Mapping[str, str], at: str = ""
) -> Iterator[tuple[str, Plain, str]]:
    """(path, value, rule) for each place where a property's value breaks what the service model states.

    `path` is the property's, without list indexes, as in `names`; `at` the same with them.
    """
    at = at or path
    if value is None or value is UNKNOWN:
        return
    kind = shape.type_name
    if kind == "structure" and isinstance(value, list):
        value = value[0] if value else {}
    if kind == "structure" and isinstance(value, dict):
        for name, item in value.items():
            member = None if name.startswith("__") else _member(shape, name, f"{path}.{name}", names)
            if member is not None:
                yield from violations(shape.members[member], item, f"{path}.{name}", names, f"{at}.{name}")
    elif kind == "list" and isinstance(value, list):
        yield from ((at, None, rule) for rule in _size(shape, len(value), " elements"))
        for index, item in enumerate(value):
            yield from violations(shape.member, item, path, names, f"{at}[{index}]")
    elif kind in ("string", "integer", "long", "float", "double"):
        yield from _scalar_violations(shape, _to_scalar(kind, value), at)


def _scalar_violations(shape: ApiShape, value: Plain, at: str) -> Iterator[tuple[str, Plain, str]]:
    if not isinstance(value, str):
        yield from ((at, value, rule) for rule in _size(shape, value, ""))
    elif value and shape.enum and value not in shape.enum:
        yield at, value, f"must be one of {', '.join(shape.enum)}"
    elif value:
        yield from ((at, value, rule) for rule in _size(shape, len(value), " characters"))


def _size(shape: ApiShape, size: float, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"must be at least {low}{unit}"
    if high is not None and size > high:
        yield f"must be at most {high}{unit}"


def _spelling(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _singular(name: str) -> str:
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def _to_structure(shape: ApiShape, value: Plain, path: str, names: Mapping[str, str]) -> Plain:
    if isinstance(value, list):
        return to_api(shape, value[0], path, names) if value else None
    result = {}
    for name, item in value.items():
        inner = f"{path}.{name}"
        if name.startswith("__"):
            continue
        member = _member(shape, name, inner, names)
        if member is None:
            raise NoMemberError(inner, shape.name)
        converted = to_api(shape.members[member], item, inner, names)
        if converted is not None and converted != "":
            result[member] = converted
    return result


def _member(shape: ApiShape, name: str, path: str, names: Mapping[str, str]) -> str | None:
    """The structure's member of a nested property; a row's "!" is never one."""
    member = names.get(path) or member_for(name, shape.members)
    return member if member in shape.members else None


class NoMemberError(LookupError):
    """A nested property for which the request has no member."""

    def __init__(self, path: str, structure: str) -> None:
        super().__init__(f"{path}: AWS's {structure} has no such member")
        self.path = path


def _is_tag_list(shape: ApiShape) -> bool:
    return shape.member.type_name == "structure" and any(key in shape.member.members for key in _TAG_KEYS)


def _to_tags(shape: ApiShape, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    key = next(name for name in _TAG_KEYS if name in shape.members)
    text = next(name for name in _TAG_VALUES if name in shape.members)
    return [{key: name, text: item} for name, item in value.items()]


def _to_scalar(kind: str, value: Plain) -> Plain:
    if kind == "boolean" and isinstance(value, str):
        return _TRUE.get(value.lower(), value)
    if kind in ("integer", "long") and isinstance(value, str | float):
        return int(value)
    if kind in ("float", "double") and isinstance(value, str):
        return float(value)
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    return value


def _from_map(shape: Shape, value: Plain, path: str, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(value, list):  # a list of tags
        pairs = [
            (
                next(item[key] for key in _TAG_KEYS if key in item),
                next((item[key] for key in _TAG_VALUES if key in item), ""),
            )
            for item in value
        ]
        return dict(pairs)
    inner = shape.item or Shape("any")
    return {key: from_api(inner, item, path, names) for key, item in value.items()}


def _from_structure(shape: Shape, value: Plain, path: str, names: Mapping[str, str]) -> dict[str, Any]:
    result = {}
    for name, property in shape.fields.items():
        inner = f"{path}.{name}"
        member = names.get(inner) or member_for(name, value)
        converted = from_api(property.shape, value.get(member) if member else None, inner, names)
        if converted is None:
            converted = None if property.optional else absent(property)
        if converted is not None:
            result[name] = converted
    return result


def _from_scalar(shape: Shape, value: Plain) -> Plain:  # noqa: PLR0911  # a line a kind
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):  # Pulumi has one where AWS has a list of one
        return _from_scalar(shape, value[0]) if value else None
    if shape.kind == "str" and isinstance(value, dict):  # a policy document that boto3 has parsed
        return json.dumps(value, separators=(",", ":"))
    if shape.kind == "str" and isinstance(value, bool):
        return str(value).lower()
    if shape.kind == "str" and not isinstance(value, str):
        return str(value)
    if shape.kind == "bool" and isinstance(value, str):
        return _TRUE.get(value.lower(), value)
    if shape.kind == "int" and isinstance(value, str):
        return int(value)
    return value
