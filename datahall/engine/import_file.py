"""What `import` is given: one resource, or a file of many in the official CLI's form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datahall.engine import urn as urns
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.importing import Import

_TYPE = re.compile(r"[^:\s]+:[^:\s]*:[^:\s]+\Z")
_KNOWN = {
    "type",
    "name",
    "logicalName",
    "id",
    "parent",
    "provider",
    "version",
    "pluginDownloadUrl",
    "component",
    "properties",
}
_NOT_TEXTS = {"component", "properties"}
_REFUSED = ("remote", "inputs", "outputs", "parameterization", "extension")


@dataclass(frozen=True)
class Wanted:
    """Resources to import, by URN, and what the program calls them, their parents and their providers."""

    resources: dict[str, Import]
    names: Mapping[str, str]


def one_resource(
    stack: str,
    project: str,
    given: tuple[str, str, str],
    *,
    parent: str = "",
    provider: str = "",
    properties: Sequence[str] = (),
) -> Wanted:
    """One resource from (type, name, id), of its inputs some; parent and provider are NAME=URN, or a URN.

    Raises InvalidProject for what is none of these.
    """
    type_, name, id_ = given
    table: dict[str, str] = {}
    spec: dict[str, Any] = {"type": type_, "name": name, "id": id_, "properties": list(properties)}
    for word, value in (("parent", parent), ("provider", provider)):
        if not value:
            continue
        called, separator, urn = value.partition("=")
        if not separator or called.startswith("urn:"):
            called, urn = word, value
        if called in table:
            raise InvalidProject(
                f"import: {called}: names both the parent and the provider; name one otherwise"
            )
        table[called] = urn
        spec[word] = called
    return _wanted("import", stack, project, {"nameTable": table, "resources": [spec]})


def many_resources(stack: str, project: str, content: bytes) -> Wanted:
    """The resources of a file. Raises InvalidProject, or Unsupported for what this engine cannot import."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidProject(f"--file: not valid JSON ({error}); correct it") from None
    if not isinstance(data, dict) or not isinstance(data.get("resources"), list):
        raise InvalidProject("--file: no list `resources`; see docs/engine.md for the form")
    if data.get("providerInputs"):
        raise Unsupported("--file: providerInputs: not supported; make the provider with up first")
    return _wanted("--file", stack, project, data)


def _wanted(where: str, stack: str, project: str, data: dict[str, Any]) -> Wanted:
    table = data.get("nameTable") or {}
    if not isinstance(table, dict):
        raise InvalidProject(f"{where}: nameTable: names to URNs are expected; correct it")
    for name, urn in table.items():
        try:
            urns.parse(urn)
        except (ValueError, AttributeError):
            raise InvalidProject(f"{where}: {name}: {urn!r}: not a URN; correct it") from None
    specs = [_spec(where, number, spec) for number, spec in enumerate(data["resources"], 1)]
    if not specs:
        raise InvalidProject(f"{where}: no resources; give at least one")
    known: dict[str, str] = dict(table)
    names = {urn: name for name, urn in table.items()}
    found: dict[str, Import] = {}
    waiting = specs
    while waiting:
        ready = [spec for spec in waiting if not spec["parent"] or spec["parent"] in known]
        if not ready:
            spec = waiting[0]
            raise InvalidProject(
                f"{where}: {spec['name']}: parent {spec['parent']}: neither in nameTable nor, "
                "without a circle, among the resources; correct it"
            )
        for spec in ready:
            parent = known.get(spec["parent"], "")
            urn = urns.make(stack, project, parent, spec["type"], spec["logicalName"])
            if spec["name"] in known or urn in found:
                raise InvalidProject(f"{where}: {spec['name']}: given twice; give each another name")
            known[spec["name"]] = urn
            names[urn] = spec["name"]
            found[urn] = _import(where, spec, table, parent)
        waiting = [spec for spec in waiting if spec not in ready]
    return Wanted(found, names)


def _spec(where: str, number: int, spec: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """One resource, with all members; raises for a wrong one."""
    if not isinstance(spec, dict):
        raise InvalidProject(f"{where}: resource {number}: an object is expected; correct it")
    told = f"{where}: {spec.get('name') or spec.get('logicalName') or f'resource {number}'}"
    for key in spec:
        if key in _REFUSED and spec[key]:
            raise Unsupported(f"{told}: {key}: not supported by the embedded engine; see docs/engine.md")
        if key not in _KNOWN and key not in _REFUSED:
            raise InvalidProject(f"{told}: {key}: not a member of a resource; leave it out")
    whole: dict[str, Any] = {key: spec.get(key) or "" for key in _KNOWN - _NOT_TEXTS}
    whole["component"] = bool(spec.get("component"))
    whole["properties"] = spec.get("properties") or []
    if not isinstance(whole["properties"], list) or not all(isinstance(n, str) for n in whole["properties"]):
        raise InvalidProject(f"{told}: properties: a list of names is expected; correct it")
    whole["name"] = whole["name"] or whole["logicalName"]
    whole["logicalName"] = whole["logicalName"] or whole["name"]
    for key, value in whole.items():
        if key not in _NOT_TEXTS and not isinstance(value, str):
            raise InvalidProject(f"{told}: {key}: {value!r}: a text is expected; correct it")
    if not whole["name"] or "::" in whole["logicalName"]:
        raise InvalidProject(f"{told}: name: {whole['logicalName']!r}: not a resource's name; correct it")
    if not _TYPE.match(whole["type"]):
        raise InvalidProject(f"{told}: type: {whole['type']!r}: write it as PACKAGE:MODULE:TYPE")
    if urns.is_provider(whole["type"]):
        raise Unsupported(f"{told}: type: {whole['type']}: a provider is not imported; make it with up")
    if bool(whole["id"]) == whole["component"]:
        what = "a component has none" if whole["component"] else "missing"
        raise InvalidProject(f"{told}: id: {what}; correct it")
    return whole


def _import(where: str, spec: dict[str, Any], table: dict[str, str], parent: str) -> Import:
    provider = spec["provider"]
    if provider and provider not in table:
        raise InvalidProject(f"{where}: {spec['name']}: provider {provider}: not in nameTable; correct it")
    return Import(
        type=spec["type"],
        name=spec["logicalName"],
        id=spec["id"],
        parent=parent,
        provider=table.get(provider, ""),
        version=spec["version"],
        download_url=spec["pluginDownloadUrl"],
        component=spec["component"],
        properties=tuple(spec["properties"]),
    )
