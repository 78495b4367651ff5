"""Judges a state file by what Pulumi's own engine asks of one; shares no code with the engine under test."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

Json = Any
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
URN = re.compile(r"urn:pulumi:[^:]+::[^:]+::(?P<type>[^:]+(?::[^:]*)*?)::(?P<name>.+)")
MEMBERS = {"version", "checkpoint", "sha256", "features"}


class InvalidState(AssertionError):  # noqa: N818 - what a test that fails says
    """What is wrong with a state file."""


def latest(content: bytes) -> dict[str, Any]:
    """The deployment of a state file. Raises InvalidState unless all of it is as it must be."""
    data = json.loads(content)
    _must(data.keys() <= MEMBERS, f"members {sorted(data)}")
    _must(data["version"] == (4 if data.get("features") else 3), f"version {data['version']}")
    body, _, end = content.partition(b',"sha256":"')
    _must(end[:64].decode() == hashlib.sha256(body).hexdigest(), "the checksum is another's")
    _must(end[64:].strip() == b'"}', "the checksum is not the last member")
    found: dict[str, Any] = data["checkpoint"]["latest"]
    resources = found.get("resources") or []
    seen: Counter[str] = Counter()
    alive: set[str] = set()
    providers: set[str] = set()
    for resource in resources:
        _resource(resource, seen, providers)
        urn = resource["urn"]
        seen[urn] += 1
        if not resource.get("delete"):
            _must(urn not in alive, f"{urn}: recorded twice")
            alive.add(urn)
        if resource["type"].startswith("pulumi:providers:"):
            providers.add(f"{urn}::{resource['id']}")
    for operation in found.get("pending_operations") or ():
        _must(operation["type"] in ("creating", "updating", "deleting"), f"operation {operation['type']}")
        _urn(operation["resource"])
        _known(operation["resource"]["urn"], operation["resource"].get("inputs", {}))
    return found


def needed(resource: dict[str, Any]) -> set[str]:
    """The URNs of what a recorded resource needs, but for its provider."""
    return {
        *resource.get("dependencies", ()),
        *(each for urns in resource.get("propertyDependencies", {}).values() for each in urns),
        *(resource[name] for name in ("parent", "deletedWith") if resource.get(name)),
        *resource.get("replaceWith", ()),
    }


def _resource(resource: dict[str, Any], seen: Counter[str], providers: set[str]) -> None:
    urn = resource["urn"]
    _urn(resource)
    for other in sorted(needed(resource) - seen.keys()):
        raise InvalidState(f"{urn}: {other} does not stand before it")
    custom, provider = resource.get("custom", False), resource.get("provider", "")
    itself = resource["type"].startswith("pulumi:providers:")
    if custom and not itself:
        _must(bool(provider), f"{urn}: it has no provider")
        _must(
            provider in providers or bool(resource.get("pendingReplacement")),
            f"{urn}: {provider} is not before it",
        )
    else:
        _must(not provider, f"{urn}: it has a provider")
    _must(bool(resource.get("id")) == custom, f"{urn}: id {resource.get('id')!r}")
    _known(urn, resource.get("inputs", {}))
    _known(urn, resource.get("outputs", {}))


def _urn(resource: dict[str, Any]) -> None:
    match = URN.fullmatch(resource["urn"])
    _must(bool(match), f"{resource['urn']}: no URN")
    qualified = match["type"].rpartition("$")[2] if match else ""
    _must(qualified == resource["type"], f"{resource['urn']}: type {resource['type']}")


def _known(urn: str, value: Json) -> None:
    """Nothing unknown is a value of a state."""
    if isinstance(value, dict):
        for item in value.values():
            _known(urn, item)
    elif isinstance(value, list):
        for item in value:
            _known(urn, item)
    else:
        _must(value != UNKNOWN, f"{urn}: an unknown value is recorded")


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidState(what)
