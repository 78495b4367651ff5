"""Whether what a state holds is what a state holds: kinds of fields, order, references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from datahall.engine import links
from datahall.engine.state import decode_state

OPERATIONS: Final = ("creating", "updating", "deleting", "reading", "importing")
_TEXT = (
    *("urn", "type", "id", "parent", "provider", "importID", "deletedWith"),
    *("created", "modified", "sourcePosition"),
)
_FLAG = ("custom", "delete", "external", "protect", "pendingReplacement", "retainOnDelete")
_TEXTS = (
    *("dependencies", "initErrors", "additionalSecretOutputs", "aliases", "ignoreChanges"),
    *("replaceOnChanges", "replaceWith"),
)
_TEXTS_EACH = ("propertyDependencies", "resourceHooks")
_KINDS: Final[dict[str, type]] = {
    **dict.fromkeys(_TEXT, str),
    **dict.fromkeys(_FLAG, bool),
    **dict.fromkeys((*_TEXTS, "hideDiff", "stackTrace"), list),
    **dict.fromkeys((*_TEXTS_EACH, "inputs", "outputs", "customTimeouts"), dict),
}


class DamagedState(Exception):  # noqa: N818 - its reader says of what, and what to do
    """What is wrong with a state."""


def check_kinds(resources: Sequence[Any], pending: Sequence[Any]) -> None:
    """Raise DamagedState unless each field is of its kind: for what this engine did not write and sign."""
    for data in resources:
        _check_fields(data)
    for index, operation in enumerate(pending):
        if not isinstance(operation, dict) or not isinstance(operation.get("resource"), dict):
            raise DamagedState(f"pending operation {index} is malformed: it has no resource")
        if operation.get("type") not in OPERATIONS:
            raise DamagedState(
                f"pending operation {index} is malformed: {operation.get('type')!r} is no type"
            )
        _check_fields(operation["resource"])


def _check_fields(data: dict[str, Any]) -> None:
    for name in ("urn", "type"):
        if not data.get(name):
            raise DamagedState(f"a resource is malformed: it has no {name}")
    for name, value in data.items():
        kind = _KINDS.get(name)
        if kind is None or value is None:
            continue
        if not isinstance(value, kind):
            raise DamagedState(f"{data['urn']}: its {name} is malformed")
        if name in _TEXTS:
            _check_texts(data, name, value)
        if isinstance(value, dict) and name in _TEXTS_EACH:
            for texts in value.values():
                _check_texts(data, name, texts)
    try:
        decode_state(data, None)
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        why = f" ({error})" if isinstance(error, ValueError) else ""
        raise DamagedState(f"{data['urn']}: a value of its inputs or outputs is malformed{why}") from None


def _check_texts(data: dict[str, Any], name: str, texts: object) -> None:
    if texts is None:
        return
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DamagedState(f"{data['urn']}: its {name} is malformed")


def check_integrity(resources: Sequence[Any]) -> None:
    """Raise DamagedState unless each resource is whole and stands after all that it needs."""
    seen: set[str] = set()
    alive: set[str] = set()
    providers: set[str] = set()
    for index, data in enumerate(resources):
        if not isinstance(data, dict) or not isinstance(data.get("urn"), str) or not data.get("type"):
            raise DamagedState(f"resource {index} has no urn or no type")
        urn = data["urn"]
        if urn.count("::") < 3 or not urn.startswith("urn:pulumi:"):
            raise DamagedState(f"resource {index} has a malformed urn")
        for word, needed in links.recorded(data):
            if needed not in seen:
                raise DamagedState(f"{urn}: its {word} {needed} does not stand before it")
        provider = data.get("provider")
        if provider and provider not in providers and not data.get("pendingReplacement"):
            raise DamagedState(f"{urn}: its provider {provider} does not stand before it")
        if not data.get("delete"):
            if urn in alive:
                raise DamagedState(f"{urn}: recorded twice")
            alive.add(urn)
        if data["type"].startswith("pulumi:providers:"):
            providers.add(f"{urn}::{data.get('id', '')}")
        seen.add(urn)
