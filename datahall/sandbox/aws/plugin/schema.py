"""What a resource type's class in the installed `pulumi_aws` says of its properties.

The Args classes name the inputs, which of them are required and how they nest; the resource class's
getters name the outputs and which of them may be absent. Read once a type, when first needed.
"""

from __future__ import annotations

import importlib
import inspect
import threading
import types
import typing
from collections.abc import Mapping, Sequence
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Literal

import pulumi
from pulumi import _types  # the SDK's own reader of its generated classes; public API has none

Kind = Literal["str", "bool", "int", "float", "list", "map", "object", "any"]
Hint = Any
"""A type annotation, evaluated."""

_SCALARS: dict[Any, Kind] = {str: "str", bool: "bool", int: "int", float: "float"}


@dataclass(frozen=True)
class Shape:
    """The type of a property: `item` for lists and maps, `fields` for objects."""

    kind: Kind
    item: Shape | None = None
    fields: Mapping[str, Property] = field(default_factory=dict)


@dataclass(frozen=True)
class Property:
    """One property: its type, whether an input must be given, whether an output may be absent."""

    shape: Shape
    required: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Schema:
    """The inputs and outputs of one resource type, by their Pulumi (camelCase) names."""

    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]


_IMPORTING = threading.Lock()


@cache
def schema(token: str) -> Schema:
    """Schema of a type token such as `aws:ec2/vpc:Vpc`, from the class that registers it."""
    path, name = token.removeprefix("aws:").split(":")
    # pulumi_aws imports its modules lazily in a way that shows other threads a half of one
    with _IMPORTING:
        package = importlib.import_module(f"pulumi_aws.{path.split('/')[0]}")
        cls = getattr(package, name)
        module = importlib.import_module(cls.__module__)
    args = getattr(module, module.__all__[0])
    return Schema(inputs=_inputs(args), outputs=_outputs(cls))


def _inputs(args: type) -> Mapping[str, Property]:
    """Properties of an input class; those without a default in its constructor are required."""
    names = _types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters  # type: ignore[misc]  # of a class, not an instance
    found = {}
    for python_name, pulumi_name in names.items():
        getter = inspect.getattr_static(args, python_name)
        hint = _hints(getter.fget)["return"]
        needed = parameters[python_name].default is inspect.Parameter.empty
        found[pulumi_name] = Property(_shape(hint), required=needed)
    return found


def _outputs(cls: type) -> Mapping[str, Property]:
    """Properties of a resource class or an output class, from its getters."""
    found = {}
    for _, pulumi_name, getter in _types._py_properties(cls):
        hint = _hints(getter.fget)["return"]
        inner = _unwrap(hint)
        found[pulumi_name] = Property(_shape(hint), optional=type(None) in typing.get_args(inner))
    return found


def _hints(function: Hint) -> dict[str, Any]:
    # `pulumi.Input` is a union that names Output[T] as a forward reference of its own module
    return typing.get_type_hints(function, localns={"Output": pulumi.Output, "T": Any})


def _unwrap(hint: Hint) -> Hint:
    """T of Output[T]."""
    origin: Hint = typing.get_origin(hint)
    return typing.get_args(hint)[0] if origin is pulumi.Output else hint


def _shape(hint: Hint) -> Shape:  # noqa: PLR0911  # a line a kind
    hint = _unwrap(hint)
    origin: Hint = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(hint))
    if origin in (AbstractSequence, Sequence, list):
        return Shape("list", item=_shape(typing.get_args(hint)[0]))
    if origin in (AbstractMapping, Mapping, dict):
        return Shape("map", item=_shape(typing.get_args(hint)[1]))
    if hint in _SCALARS:
        return Shape(_SCALARS[hint])
    if isinstance(hint, type) and _types.is_input_type(hint):
        return Shape("object", fields=_inputs(hint))
    if isinstance(hint, type) and _types.is_output_type(hint):
        return Shape("object", fields=_outputs(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Shape("str")
    return Shape("any")


def _union(members: tuple[Any, ...]) -> Shape:
    """The plain member of Input[T] (T, Awaitable[T], Output[T]), of Optional[T], of str | an enum."""
    kept = [
        member
        for member in members
        if member is not type(None)
        and typing.get_origin(member) not in (pulumi.Output, typing.Awaitable)
        and "Awaitable" not in str(typing.get_origin(member))
    ]
    scalars = [member for member in kept if member in _SCALARS]
    return _shape((scalars or kept)[0])
