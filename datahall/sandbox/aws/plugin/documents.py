"""Policy documents: the same by meaning, whatever their order and spelling.

IAM reads a statement's Action, Resource, Principal and condition values alike as one string or a list,
in any order (IAM JSON policy grammar).
"""

from __future__ import annotations

import json

from datahall.sandbox.aws.plugin.properties import Plain


def same_document(one: str, other: str) -> bool:
    """Whether two JSON texts say the same; texts that are not JSON are compared as they are."""
    try:
        return bool(_canonical(json.loads(one)) == _canonical(json.loads(other)))
    except ValueError:
        return one == other


def document(value: Plain) -> str:
    """A document given as an object, as JSON text; a text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _canonical(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted(
            (_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True)
        )
        return items[0] if len(items) == 1 and isinstance(items[0], str) else items
    return str(value).lower() if isinstance(value, bool) else value
