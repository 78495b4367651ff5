"""A state's dependencies as a graph in DOT, in the official CLI's form (`stack graph`).

An edge goes from what is needed to what needs it, named after the properties that do, and from a child to its
parent. Nodes are in the order of their URNs, edges in that of the state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datahall.engine.state import ResourceState

_INDENT = "    "


@dataclass(frozen=True, kw_only=True)
class GraphOptions:
    """What is drawn. Colours and `fragment` are DOT's own, the latter stands at the top of the graph."""

    parents: bool = True
    dependencies: bool = True
    dependency_colour: str = "#246C60"
    parent_colour: str = "#AA6639"
    short_names: bool = False
    fragment: str = ""


def as_dot(resources: Sequence[ResourceState], options: GraphOptions) -> str:
    """The graph. Of resources with the same URN, the last is drawn."""
    by_urn = {state.urn: state for state in resources}
    edges: dict[str, list[tuple[str, str, str]]] = {urn: [] for urn in by_urn}
    for state in resources:
        for source, target, colour, label in _edges(by_urn[state.urn], options):
            edges[source].append((target, colour, label))
    numbers = _Numbers()
    lines = ["strict digraph {"]
    if options.fragment:
        lines.append(options.fragment)
    for urn in sorted(by_urn):
        mine = numbers.of(urn)
        name = by_urn[urn].name if options.short_names else urn
        lines.append(f"{_INDENT}{mine} [label={_quoted(name)}];")
        lines += [
            f"{_INDENT}{mine} -> {numbers.of(target)}{_attributes(color=colour, label=label)};"
            for target, colour, label in edges[urn]
        ]
    return "\n".join([*lines, "}", ""])


def _edges(state: ResourceState, options: GraphOptions) -> Iterator[tuple[str, str, str, str]]:
    """Edges of one resource: from, to, colour and label."""
    if options.dependencies:
        for needed in state.dependencies:
            by = [key for key, urns in sorted(state.property_dependencies.items()) if needed in urns]
            yield needed, state.urn, options.dependency_colour, ", ".join(by)
    if options.parents and state.parent:
        yield state.urn, state.parent, options.parent_colour, ""


class _Numbers:
    """`Resource0` and so on, in the order in which they are first spoken of."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, urn: str) -> str:
        return self._known.setdefault(urn, f"Resource{len(self._known)}")


def _attributes(**given: str) -> str:
    told = ", ".join(f"{name} = {_quoted(value)}" for name, value in given.items() if value)
    return f" [{told}]" if told else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
