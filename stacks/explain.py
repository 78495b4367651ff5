"""Turns pydantic's errors into lines that name the field, its value, the rule and the fix."""

from collections.abc import Iterator, Mapping
from typing import get_args

from pydantic import BaseModel, ValidationError

from components import meant, near
from stacks.errors import problem

_TYPES: Mapping[str, tuple[str, str]] = {
    "int_type": ("must be a whole number", "write it without quotes"),
    "float_type": ("must be a number", "write it without quotes"),
    "bool_type": ("must be true or false", "write one of them, without quotes"),
    "string_type": ("must be text", "put it in quotes"),
    "list_type": ("must be a list", "write [a, b]"),
    "dict_type": ("must be a mapping", "write its keys below it, indented"),
    "model_type": ("must be a mapping of settings", "write its settings below it, indented"),
    "missing": ("must be given", "add it"),
    "finite_number": ("must be a finite number", "write a number"),
}


def explain(prefix: str, kind: object, error: ValidationError) -> Iterator[str]:
    """A line for each error in a block of type ``kind`` that stands at ``prefix``."""
    for found in error.errors(include_url=False):
        path = found["loc"]
        field = prefix + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        value = "(missing)" if found["type"] == "missing" else found["input"]
        if found["type"] == "extra_forbidden":
            yield problem(field, value, "is no setting", near(str(path[-1]), _fields(kind, path[:-1])))
        elif found["type"] == "literal_error":
            choices = str(found["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            yield problem(field, value, f"must be one of {', '.join(choices)}", meant(str(value), choices))
        else:
            rule, fix = _TYPES.get(found["type"], (found["msg"], "correct it"))
            yield problem(field, value, rule, fix)


def _fields(kind: object, path: tuple[int | str, ...]) -> list[str]:
    """The names that may stand at ``path``: lists' and mappings' own keys lead to what they hold."""
    model = _model(kind)
    for part in path:
        if model is not None and isinstance(part, str) and part in model.model_fields:
            model = _model(model.model_fields[part].annotation)
    return sorted(model.model_fields) if model is not None else []


def _model(kind: object) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    found = (_model(inner) for inner in get_args(kind))
    return next((model for model in found if model is not None), None)
