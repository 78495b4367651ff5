"""What a resource refers to: one table, for states and for their form in a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datahall.engine.state import ResourceState

Swap = Callable[[str], str]


@dataclass(frozen=True)
class Link:
    """A field that holds URNs: one, several, or several a property; `word` names it in messages."""

    attribute: str
    member: str
    word: str


LINKS: Final = (
    Link("parent", "parent", "parent"),
    Link("dependencies", "dependencies", "dependency"),
    Link("property_dependencies", "propertyDependencies", "property dependency"),
    Link("deleted_with", "deletedWith", "deletedWith"),
    Link("replace_with", "replaceWith", "replaceWith"),
)


def provider_urn(reference: str) -> str:
    """The URN of a reference to a provider (URN::ID)."""
    return reference.rpartition("::")[0]


def needs(state: ResourceState) -> set[str]:
    """URNs of all that a resource refers to, its provider among them."""
    found = {provider_urn(state.provider)}
    for link in LINKS:
        found.update(_urns(getattr(state, link.attribute)))
    found.discard("")
    return found


def recorded(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same of a resource of a checkpoint, as (word, URN), but for its provider."""
    for link in LINKS:
        for urn in _urns(data.get(link.member)):
            yield link.word, urn


def redirected(state: ResourceState, swap: Swap) -> ResourceState:
    """A state that refers to what `swap` says; a reference that becomes empty is left out."""
    changed: dict[str, Any] = {
        link.attribute: _swapped(getattr(state, link.attribute), swap) for link in LINKS
    }
    return replace(state, provider=_provider(state.provider, swap), **changed)


def redirected_record(data: Mapping[str, Any], swap: Swap) -> dict[str, Any]:
    """The same of a resource of a checkpoint."""
    changed = dict(data)
    for member in (*(link.member for link in LINKS), "viewOf"):
        if changed.get(member):
            changed[member] = _swapped(changed[member], swap)
    if changed.get("provider"):
        changed["provider"] = _provider(changed["provider"], swap)
    return changed


def _urns(value: Any) -> Iterator[str]:  # noqa: ANN401 - any of the three shapes, or nothing
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Mapping):
        for urns in value.values():
            yield from urns or ()
    else:
        yield from value or ()


def _swapped(value: Any, swap: Swap) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return swap(value) if value else value
    if isinstance(value, Mapping):
        pairs = {key: _swapped(urns or (), swap) for key, urns in value.items()}
        return {key: urns for key, urns in pairs.items() if urns or not value[key]}
    return type(value)(found for urn in value if (found := swap(urn)))


def _provider(reference: str, swap: Swap) -> str:
    if not reference:
        return ""
    urn, _, id_ = reference.rpartition("::")
    return f"{swap(urn) or urn}::{id_}"
