"""Property values between protobuf Structs and plain Python: unknowns, secrets, outputs, references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

Plain = Any
"""None, bool, int, float, str, list, dict, or UNKNOWN."""


class Unknown:
    """The type of UNKNOWN: a value that only an apply will tell."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()

_SIGNATURE: Final = rpc._special_sig_key  # the wire protocol's own key, the same in every SDK
_SECRET: Final = rpc._special_secret_sig
_OUTPUT: Final = rpc._special_output_value_sig
_RESOURCE: Final = rpc._special_resource_sig
_ASSETS: Final = (rpc._special_asset_sig, rpc._special_archive_sig)


@dataclass
class Properties:
    """Decoded properties and the names of those top-level ones that hold a secret."""

    values: dict[str, Plain] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)


class UnsupportedValueError(ValueError):
    """A property of a kind that no AWS resource of ours takes (an asset or an archive)."""


def decode(struct: struct_pb2.Struct) -> Properties:
    """Plain values of a Struct; output values and references are unwrapped, nulls dropped."""
    result = Properties()
    for name, value in struct.fields.items():
        plain, secret = _decode(value)
        if plain is None:
            continue
        result.values[name] = plain
        if secret:
            result.secrets.add(name)
    return result


def encode(values: Mapping[str, Plain], secrets: Iterable[str] = ()) -> struct_pb2.Struct:
    """A Struct of plain values; the named top-level ones are marked secret, and wholly so."""
    hidden = set(secrets)
    struct = struct_pb2.Struct()
    for name, value in values.items():
        encoded = _encode(value)
        if name in hidden:
            wrapped = struct_pb2.Struct()
            wrapped.fields[_SIGNATURE].string_value = _SECRET
            wrapped.fields["value"].CopyFrom(encoded)
            encoded = struct_pb2.Value(struct_value=wrapped)
        struct.fields[name].CopyFrom(encoded)
    return struct


def has_unknown(value: Plain) -> bool:
    """Whether a value is or holds UNKNOWN."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def _decode(value: struct_pb2.Value) -> tuple[Plain, bool]:  # a line a kind
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    if kind == "list_value":
        items = [_decode(item) for item in value.list_value.values]
        return [plain for plain, _ in items], any(secret for _, secret in items)
    if kind == "string_value":
        text = value.string_value
        return (UNKNOWN if text == rpc.UNKNOWN else text), False
    if kind == "number_value":
        number = value.number_value
        return (int(number) if number.is_integer() else number), False
    if kind == "bool_value":
        return value.bool_value, False
    return None, False


def _decode_struct(struct: struct_pb2.Struct) -> tuple[Plain, bool]:
    fields = struct.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature == _SECRET:
        return _decode(fields["value"])[0], True
    if signature == _OUTPUT:
        hidden = "secret" in fields and fields["secret"].bool_value
        if "value" not in fields:
            return UNKNOWN, hidden
        plain, secret = _decode(fields["value"])
        return plain, secret or hidden
    if signature == _RESOURCE:
        return _decode(fields["id"])[0] if "id" in fields else UNKNOWN, False
    if signature in _ASSETS:
        raise UnsupportedValueError("assets and archives are not accepted by any AWS resource of the sandbox")
    items = {name: _decode(item) for name, item in fields.items()}
    plain = {name: item for name, (item, _) in items.items() if item is not None}
    return plain, any(secret for _, secret in items.values())


def _encode(value: Plain) -> struct_pb2.Value:  # noqa: PLR0911  # a line a kind
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=rpc.UNKNOWN)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, dict):
        struct = struct_pb2.Struct()
        for name, item in value.items():
            struct.fields[name].CopyFrom(_encode(item))
        return struct_pb2.Value(struct_value=struct)
    items = struct_pb2.ListValue(values=[_encode(item) for item in value])
    return struct_pb2.Value(list_value=items)
