"""Python declarations of recorded resources, to be pasted into a program.

A resource whose class is found in an installed SDK (it says its own type token) is declared by that class;
any other one as a plain `pulumi.CustomResource`, which works for every type. Secrets are not written: the
code asks the configuration for them.
"""

from __future__ import annotations

import importlib
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi import _types

from datahall.engine.state import ResourceState
from datahall.engine.values import Archive, Asset, ResourceReference, Secret, Unknown, Value

_INDENT = "    "


def declarations(states: Sequence[ResourceState], names: Mapping[str, str]) -> str:
    """The code for resources; `names` are what the program calls them and what they need, by URN."""
    variables = {urn: _identifier(name) for urn, name in names.items()}
    imports = {"import pulumi"}
    blocks = [_declaration(state, variables, imports) for state in states]
    configuration = (
        ["config = pulumi.Config()\n"] if any("config.require_" in text for text in blocks) else []
    )
    return "\n".join(["\n".join(sorted(imports)) + "\n", *configuration, *blocks])


def _declaration(state: ResourceState, variables: Mapping[str, str], imports: set[str]) -> str:
    variable = variables.get(state.urn) or _identifier(state.name)
    options = _options(state, variables)
    missing = [key for key, value in state.inputs.items() if not _can_be_written(value)]
    inputs = {key: value for key, value in sorted(state.inputs.items()) if key not in missing}
    lines = [f"# {key}: not generated; write it by hand" for key in missing]
    if not state.custom:
        head, arguments = "pulumi.ComponentResource", [repr(state.type), repr(state.name), "{}"]
        lines.append("# its class is not known: put its own in place of this")
    else:
        found = _class(state.type)
        if found is None:
            lines.append("# no SDK with its class is installed; its class would do the same")
            head = "pulumi.CustomResource"
            arguments = [repr(state.type), repr(state.name), _literal(inputs, 1, state.name)]
        else:
            module, name, arguments_of = found
            imports.add(f"import {module.partition('.')[0]}")
            head, arguments = f"{module}.{name}", [repr(state.name)]
            arguments += [
                f"{arguments_of[k]}={_literal(v, 1, _key(state.name, k))}" for k, v in inputs.items()
            ]
    if options:
        arguments.append(f"opts=pulumi.ResourceOptions({', '.join(options)})")
    body = "".join(f"{_INDENT}{argument},\n" for argument in arguments)
    return "\n".join([*lines, f"{variable} = {head}(\n{body})\n"])


def _options(state: ResourceState, variables: Mapping[str, str]) -> list[str]:
    found = ["protect=True"] if state.protect else []
    if state.parent in variables:
        found.append(f"parent={variables[state.parent]}")
    provider = state.provider.rpartition("::")[0]
    if provider in variables:
        found.append(f"provider={variables[provider]}")
    return found


def _class(type_: str) -> tuple[str, str, dict[str, str]] | None:
    """Module, class and arguments by property, if an installed SDK has a class that says this type."""
    package, module, name = type_.split(":")
    parts = [] if module == "index" else [part for part in re.split(r"[/.]", module) if part]
    for length in range(len(parts) + 1):
        path = ".".join([f"pulumi_{package.replace('-', '_')}", *parts[:length]])
        try:
            found = importlib.import_module(path)
        except ImportError:
            return None
        kind, inputs = getattr(found, name, None), getattr(found, f"{name}Args", None)
        if getattr(kind, "pulumi_type", None) == type_ and inputs is not None:
            names = _types.input_type_py_to_pulumi_names(inputs)
            return path, name, {pulumi_name: own for own, pulumi_name in names.items()}
    return None


def _can_be_written(value: Value) -> bool:
    if isinstance(value, dict):
        return all(map(_can_be_written, value.values()))
    if isinstance(value, list):
        return all(map(_can_be_written, value))
    if isinstance(value, Archive):
        return bool(value.path or value.uri) or all(map(_can_be_written, (value.assets or {}).values()))
    if isinstance(value, Asset):
        return bool(value.path or value.uri) or value.text is not None
    return not isinstance(value, ResourceReference | Unknown)


def _literal(value: Value, depth: int, key: str) -> str:  # noqa: PLR0911 - one return a kind
    """A value as Python code; `key` is where its secrets are looked for in the configuration."""
    if isinstance(value, Secret):
        return f"config.require_secret({key!r})"
    if isinstance(value, dict):
        items = [f"{name!r}: {_literal(item, depth + 1, _key(key, name))}" for name, item in value.items()]
        return _bracketed("{}", items, depth)
    if isinstance(value, list):
        return _bracketed("[]", list(_items(value, depth, key)), depth)
    if isinstance(value, Asset):
        if value.uri or value.path:
            return f"pulumi.{'RemoteAsset' if value.uri else 'FileAsset'}({value.uri or value.path!r})"
        return f"pulumi.StringAsset({value.text!r})"
    if isinstance(value, Archive):
        if value.uri or value.path:
            return f"pulumi.{'RemoteArchive' if value.uri else 'FileArchive'}({value.uri or value.path!r})"
        return f"pulumi.AssetArchive({_literal(value.assets or {}, depth, key)})"
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return repr(value)


def _items(values: Sequence[Any], depth: int, key: str) -> Iterator[str]:
    for number, item in enumerate(values):
        yield _literal(item, depth + 1, _key(key, str(number)))


def _bracketed(brackets: str, items: Sequence[str], depth: int) -> str:
    if not items:
        return brackets
    inner = "".join(f"{_INDENT * (depth + 1)}{item},\n" for item in items)
    return f"{brackets[0]}\n{inner}{_INDENT * depth}{brackets[1]}"


def _key(above: str, name: str) -> str:
    return f"{above}-{name}"


def _identifier(name: str) -> str:
    made = re.sub(r"\W", "_", name)
    return f"_{made}" if not made or made[0].isdigit() or keyword.iskeyword(made) else made


def needs_names(states: Sequence[ResourceState], names: Mapping[str, str]) -> list[str]:
    """Variables that the code refers to and does not define: those of parents and providers."""
    own = {state.urn for state in states}
    referred = {state.parent for state in states} | {state.provider.rpartition("::")[0] for state in states}
    return sorted(_identifier(names[urn]) for urn in referred - own if urn in names)
