"""Property values as Python data.

Plain values are None, bool, int, float, str, list and dict; beside those stand a secret, a value that
is not known before the update, and a reference to a resource. Signatures are Pulumi's (they mark an
object on the wire and in state as more than an object).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, no secret
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET_MASK = "[secret]"  # noqa: S105 - what is shown instead of one
UNKNOWN_MASK = "[unknown]"

Value = Any  # a property value
Json = Any  # anything that JSON can say
Properties = dict[str, Value]


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted in state and never shown."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class Unknown:
    """A value that only an update will tell."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class ResourceReference:
    """A resource as a value; `id` is None for a component."""

    urn: str
    id: Value
    version: str = ""


@dataclass(frozen=True)
class Asset:
    """A text or a file. Assets are equal when their hashes (SHA-256) are."""

    hash: str = ""
    text: str | None = field(default=None, compare=False)
    path: str = field(default="", compare=False)
    uri: str = field(default="", compare=False)


@dataclass(frozen=True)
class Archive:
    """A folder, an archive file, or a mapping of assets and archives; equal when the hashes are."""

    hash: str = ""
    assets: dict[str, Value] | None = field(default=None, compare=False)
    path: str = field(default="", compare=False)
    uri: str = field(default="", compare=False)


def read_asset(fields: Mapping[str, Value]) -> Asset | Archive:
    """An asset or archive from its form on the wire and in state."""
    common = {key: fields[key] for key in ("hash", "path", "uri") if fields.get(key)}
    if fields[SIGNATURE] == ARCHIVE_SIGNATURE:
        return Archive(**common, assets=fields.get("assets"))
    text = fields.get("text")
    return Asset(**common, text="" if text is None and not {"path", "uri"} & {*common} else text)


def write_asset(item: Asset | Archive) -> dict[str, Value]:
    """The form of an asset or archive on the wire and in state."""
    archive = isinstance(item, Archive)
    data: dict[str, Value] = {SIGNATURE: ARCHIVE_SIGNATURE if archive else ASSET_SIGNATURE}
    if isinstance(item, Archive) and item.assets is not None:
        data["assets"] = item.assets
    for key in ("hash", "path", "uri"):
        if getattr(item, key):
            data[key] = getattr(item, key)
    if isinstance(item, Asset) and item.text:
        data["text"] = item.text
    return data


def transform(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """`value` with `leaf` applied to all that is neither list nor dict."""
    if isinstance(value, dict):
        return {key: transform(item, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [transform(item, leaf) for item in value]
    return leaf(value)


def _contains(value: Value, kind: type) -> bool:
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return _contains(value.value, kind)
    if isinstance(value, dict):
        return any(_contains(item, kind) for item in value.values())
    if isinstance(value, list):
        return any(_contains(item, kind) for item in value)
    return False


def contains_unknown(value: Value) -> bool:
    """Whether anything in `value` is unknown."""
    return _contains(value, Unknown)


def contains_secret(value: Value) -> bool:
    """Whether anything in `value` is secret."""
    return _contains(value, Secret)


def without_secrets(value: Value) -> Value:
    """`value` in the clear."""
    return transform(value, lambda v: without_secrets(v.value) if isinstance(v, Secret) else v)


def masked(value: Value) -> Value:
    """`value` as it may be shown: plain data, secrets and unknowns masked, references as id or URN."""

    def leaf(item: Value) -> Value:
        if isinstance(item, Secret):
            return SECRET_MASK
        if isinstance(item, Unknown):
            return UNKNOWN_MASK
        if isinstance(item, ResourceReference):
            return masked(item.id) if item.id else item.urn
        if isinstance(item, Asset | Archive):
            return f"{type(item).__name__.lower()}:{item.hash[:7]}"
        return item

    return transform(value, leaf)


def mark_secrets(outputs: Properties, inputs: Mapping[str, Value]) -> Properties:
    """Outputs with those secret whose inputs of the same name are: for a provider that drops the mark."""
    marked = dict(outputs)
    for key, source in inputs.items():
        if key not in marked:
            continue
        if isinstance(marked[key], dict) and isinstance(source, dict):
            marked[key] = mark_secrets(marked[key], source)
        elif not isinstance(marked[key], Secret) and contains_secret(source):
            marked[key] = Secret(marked[key])
    return marked
