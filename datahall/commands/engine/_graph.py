"""Flags of ``datahall engine stack graph``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from datahall.engine.graph import GraphOptions


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What is drawn, and how."""

    ignore_parent_edges: Annotated[bool, Parameter(negative=(), help="No edges to parents.")] = False
    ignore_dependency_edges: Annotated[bool, Parameter(negative=(), help="No edges of dependencies.")] = False
    dependency_edge_color: Annotated[str, Parameter(help="Of edges of dependencies.")] = "#246C60"
    parent_edge_color: Annotated[str, Parameter(help="Of edges to parents.")] = "#AA6639"
    short_node_name: Annotated[bool, Parameter(negative=(), help="Resources by name, not by URN.")] = False
    dot_fragment: Annotated[str, Parameter(help="DOT for the top of the graph.")] = ""

    def options(self) -> GraphOptions:
        """As the engine takes them."""
        from datahall.engine.graph import GraphOptions

        return GraphOptions(
            parents=not self.ignore_parent_edges,
            dependencies=not self.ignore_dependency_edges,
            dependency_colour=self.dependency_edge_color,
            parent_colour=self.parent_edge_color,
            short_names=self.short_node_name,
            fragment=self.dot_fragment,
        )


ALL = Drawn()
