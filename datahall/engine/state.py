"""One resource's state, and its form in a checkpoint (`ResourceV3` of Pulumi's apitype)."""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from datahall.engine import links
from datahall.engine.paths import format_path, parse_path
from datahall.engine.values import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_MASK,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_TEXT,
    Archive,
    Asset,
    Json,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
    read_asset,
    write_asset,
)

_FLOAT_SIGNATURE = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"


@dataclass(frozen=True, kw_only=True, slots=True)  # there are as many as resources, twice
class ResourceState:
    """A resource as recorded. Never changed in place: a step makes a new one.

    `taint`: the next update replaces it.

    `other` keeps fields of the checkpoint that this engine does not use, so that none is lost.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    parent: str = ""
    provider: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    taint: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Value = None
    hide_diff: tuple[str, ...] = ()
    hooks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    created: str = ""
    modified: str = ""
    source_position: str = ""
    stack_trace: tuple[str, ...] = ()
    other: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.split("::", 3)[3]

    @property
    def reference(self) -> str:
        """How resources refer to this one when it is their provider."""
        return f"{self.urn}::{self.id}"

    def needs(self) -> set[str]:
        """URNs that must come before this resource and be deleted after it."""
        return links.needs(self)


Cipher = Callable[[str], str]

# attribute, name in the checkpoint; the order is that of Pulumi's own files
_FIELDS = (
    ("parent", "parent"),
    ("protect", "protect"),
    ("taint", "taint"),
    ("external", "external"),
    ("dependencies", "dependencies"),
    ("init_errors", "initErrors"),
    ("provider", "provider"),
    ("property_dependencies", "propertyDependencies"),
    ("pending_replacement", "pendingReplacement"),
    ("additional_secret_outputs", "additionalSecretOutputs"),
    ("custom_timeouts", "customTimeouts"),
    ("import_id", "importID"),
    ("retain_on_delete", "retainOnDelete"),
    ("deleted_with", "deletedWith"),
    ("replace_with", "replaceWith"),
    ("created", "created"),
    ("modified", "modified"),
    ("source_position", "sourcePosition"),
    ("stack_trace", "stackTrace"),
    ("ignore_changes", "ignoreChanges"),
    ("hide_diff", "hideDiff"),
    ("replace_on_changes", "replaceOnChanges"),
    ("hooks", "resourceHooks"),
)
_PLACE = "sourcePosition"
# in the checkpoint by another form than here; paths this engine wrote as lists of parts once
_WRITTEN: Final[Mapping[str, Callable[[Any], Json]]] = {
    "hideDiff": lambda paths: [format_path(parse_path(path)) for path in paths],
    "stackTrace": lambda places: [{_PLACE: place} if place else {} for place in places],
}
_READ: Final[Mapping[str, Callable[[Any], str]]] = {
    "hideDiff": lambda path: path if isinstance(path, str) else format_path(path),
    "stackTrace": lambda frame: sys.intern(frame.get(_PLACE, "")),  # the same few for all
}
# Aliases are the program's and are not recorded: a checkpoint has no earlier URNs left to explain.
_BY_HAND = {"urn", "custom", "delete", "id", "type", "inputs", "outputs", "aliases", "replacementTrigger"}
_KNOWN = {*_BY_HAND, *(name for _, name in _FIELDS)}


def encode_state(state: ResourceState, encrypt: Cipher) -> dict[str, Any]:
    """The resource as it stands in a checkpoint."""
    data: dict[str, Any] = {"urn": state.urn, "custom": state.custom}
    if state.delete:
        data["delete"] = True
    if state.id:
        data["id"] = state.id
    data["type"] = state.type
    if state.inputs:
        data["inputs"] = _sorted(state.inputs, encrypt)
    if state.outputs:
        data["outputs"] = _sorted(state.outputs, encrypt)
    for attribute, name in _FIELDS:
        value = getattr(state, attribute)
        if value:
            data[name] = _WRITTEN[name](value) if name in _WRITTEN else value
    if state.replacement_trigger is not None:
        data["replacementTrigger"] = encode_value(state.replacement_trigger, encrypt)
    data.update(state.other)
    return data


def _sorted(properties: Properties, encrypt: Cipher) -> dict[str, Any]:
    return {key: encode_value(properties[key], encrypt) for key in sorted(properties)}


def _as_is(text: str) -> str:
    return text


def encode_value(value: Value, encrypt: Cipher) -> Json:  # noqa: PLR0911 - one return a kind
    """A property value as JSON data; what lies inside a secret is not encrypted a second time."""
    if isinstance(value, dict):
        return _sorted(value, encrypt)
    if isinstance(value, list):
        return [encode_value(item, encrypt) for item in value]
    if isinstance(value, Secret):
        plaintext = compact(encode_value(value.value, _as_is))
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": encrypt(plaintext)}
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, ResourceReference):
        data = {SIGNATURE: RESOURCE_SIGNATURE, "urn": value.urn, "packageVersion": value.version}
        if value.id is not None:
            data["id"] = "" if isinstance(value.id, Unknown) else value.id
        return data
    if isinstance(value, Asset | Archive):
        return encode_value(write_asset(value), encrypt)
    if isinstance(value, float) and not math.isfinite(value):
        return {SIGNATURE: _FLOAT_SIGNATURE, "value": struct.pack(">d", value).hex()}
    return value


def compact(data: Json) -> str:
    """JSON without spaces, as Pulumi writes it."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def decode_state(data: dict[str, Any], decrypt: Cipher | None) -> ResourceState:
    """A resource of a checkpoint; without `decrypt`, secrets become `Secret("[secret]")`."""
    fields: dict[str, Any] = {}
    for attribute, name in _FIELDS:
        if data.get(name):
            value = data[name]
            if name in _READ:
                fields[attribute] = tuple(_READ[name](item) for item in value)
            else:
                fields[attribute] = tuple(value) if isinstance(value, list) else value
    if "property_dependencies" in fields:
        fields["property_dependencies"] = {
            key: tuple(urns or ()) for key, urns in fields["property_dependencies"].items()
        }
    if "hooks" in fields:
        fields["hooks"] = {kind: tuple(names or ()) for kind, names in fields["hooks"].items()}
    return ResourceState(
        urn=data["urn"],
        type=data["type"],
        custom=bool(data.get("custom")),
        delete=bool(data.get("delete")),
        id=data.get("id", ""),
        inputs={k: decode_value(v, decrypt) for k, v in (data.get("inputs") or {}).items()},
        outputs={k: decode_value(v, decrypt) for k, v in (data.get("outputs") or {}).items()},
        replacement_trigger=decode_value(data.get("replacementTrigger"), decrypt),
        other={key: value for key, value in data.items() if key not in _KNOWN},
        **fields,
    )


def decode_value(data: Json, decrypt: Cipher | None) -> Value:  # noqa: PLR0911 - one return a kind
    """A property value of a checkpoint."""
    if isinstance(data, list):
        return [decode_value(item, decrypt) for item in data]
    if isinstance(data, str):
        return UNKNOWN if data == UNKNOWN_TEXT else data
    if not isinstance(data, dict):
        return data
    signature = data.get(SIGNATURE)
    if signature is None:
        return {key: decode_value(item, decrypt) for key, item in data.items()}
    if signature == SECRET_SIGNATURE:
        if "plaintext" in data:  # an export with secrets shown
            return Secret(decode_value(json.loads(data["plaintext"]), _as_is))
        ciphertext = data.get("ciphertext")
        if not isinstance(ciphertext, str):
            raise ValueError("a secret has neither plaintext nor ciphertext")
        if decrypt is None:
            return Secret(SECRET_MASK)
        return Secret(decode_value(json.loads(decrypt(ciphertext)), _as_is))
    if signature == RESOURCE_SIGNATURE:
        return ResourceReference(data["urn"], data.get("id"), data.get("packageVersion", ""))
    if signature == _FLOAT_SIGNATURE:
        return struct.unpack(">d", bytes.fromhex(data["value"]))[0]
    if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        return read_asset({key: decode_value(item, decrypt) for key, item in data.items()})
    return data  # of a kind that this engine does not know: it stays as it is
