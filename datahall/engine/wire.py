"""Property values as protobuf Structs, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf import struct_pb2

from datahall.engine.errors import Unsupported
from datahall.engine.values import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_TEXT,
    Archive,
    Asset,
    Properties,
    ResourceReference,
    Secret,
    Unknown,
    Value,
    contains_secret,
    contains_unknown,
    read_asset,
    without_secrets,
    write_asset,
)

_EXACT = 2**53  # integers beyond this are not exact as a double


@dataclass(frozen=True)
class Accepts:
    """What the other side can take: strong secrets, strong resource references, unknowns."""

    secrets: bool = True
    resources: bool = True
    unknowns: bool = True


EVERYTHING = Accepts()


def from_struct(struct: struct_pb2.Struct, dependencies: set[str] | None = None) -> Properties:
    """Properties of a Struct; URNs that output values depend on are added to `dependencies`."""
    return {key: from_value(value, dependencies) for key, value in struct.fields.items()}


def from_value(  # noqa: PLR0911 - one return a kind
    value: struct_pb2.Value, dependencies: set[str] | None = None
) -> Value:
    """One property value. Raises Unsupported for a signature of no known kind."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    if kind == "list_value":
        return [from_value(item, dependencies) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _signed(fields, dependencies)
        return {key: from_value(item, dependencies) for key, item in fields.items()}
    return None


def _signed(fields: Mapping[str, struct_pb2.Value], dependencies: set[str] | None) -> Value:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        return Secret(from_value(fields["value"], dependencies))
    if signature == OUTPUT_SIGNATURE:
        if dependencies is not None and "dependencies" in fields:
            dependencies.update(v.string_value for v in fields["dependencies"].list_value.values)
        inner = from_value(fields["value"], dependencies) if "value" in fields else UNKNOWN
        secret = "secret" in fields and fields["secret"].bool_value
        return Secret(inner) if secret else inner
    if signature == RESOURCE_SIGNATURE:
        id_ = from_value(fields["id"], dependencies) if "id" in fields else None
        version = fields["packageVersion"].string_value if "packageVersion" in fields else ""
        return ResourceReference(fields["urn"].string_value, id_, version)
    if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        inner = {key: from_value(item, dependencies) for key, item in fields.items() if key != SIGNATURE}
        if contains_unknown(inner):
            return UNKNOWN
        found = read_asset({SIGNATURE: signature, **without_secrets(inner)})
        return Secret(found) if contains_secret(inner) else found
    raise Unsupported(f"value signature {signature}: unknown to the embedded engine")


def to_struct(properties: Mapping[str, Value], accepts: Accepts = EVERYTHING) -> struct_pb2.Struct:
    """A Struct for the other side; without `accepts.unknowns`, unknown properties are left out."""
    struct = struct_pb2.Struct()
    _fill(struct, properties, accepts)
    return struct


def _fill(struct: struct_pb2.Struct, properties: Mapping[str, Value], accepts: Accepts) -> None:
    fields = struct.fields
    for key, value in properties.items():
        if isinstance(value, Unknown) and not accepts.unknowns:
            continue
        _set(fields[key], value, accepts)


def _set(target: struct_pb2.Value, value: Value, accepts: Accepts) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        _fill(target.struct_value, value, accepts)
    elif isinstance(value, list):
        target.list_value.SetInParent()
        for item in value:
            _set(target.list_value.values.add(), item, accepts)
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, Secret):
        _set_secret(target, value, accepts)
    elif isinstance(value, Asset | Archive):
        target.struct_value.SetInParent()
        data = write_asset(value)
        if isinstance(value, Asset) and value.text == "":
            data["text"] = ""  # what has neither text nor path is no asset to an SDK
        _fill(target.struct_value, data, accepts)
    else:
        _set_reference(target, value, accepts)


def _set_secret(target: struct_pb2.Value, secret: Secret, accepts: Accepts) -> None:
    if not accepts.secrets:
        _set(target, secret.value, accepts)
        return
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = SECRET_SIGNATURE
    _set(fields["value"], secret.value, accepts)


def _set_reference(target: struct_pb2.Value, reference: ResourceReference, accepts: Accepts) -> None:
    if not accepts.resources:
        _set(target, reference.urn if reference.id is None else reference.id, accepts)
        return
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = RESOURCE_SIGNATURE
    fields["urn"].string_value = reference.urn
    fields["packageVersion"].string_value = reference.version
    if reference.id is not None:
        _set(fields["id"], reference.id, accepts)
