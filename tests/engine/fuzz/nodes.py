"""Random programs: nodes with all options of a resource, and what the SDK runs of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import pulumi
from hypothesis import strategies as st

from ..programs import Provider, Thing

Role = Literal["thing", "component", "provider", "read"]
WEIGHTS: dict[Role, int] = {"thing": 8, "component": 2, "provider": 2, "read": 1}
ROLES: list[Role] = [role for role, weight in WEIGHTS.items() for _ in range(weight)]
KEYS = 7
TOP = -1  # the parent of what has none
_PERCENT = st.integers(0, 99)
_ROLES = st.sampled_from(ROLES)
_SOURCES = st.sampled_from(("note", "kind", "plot"))
_DELETE_FIRST = st.sampled_from((None, None, True, False))
READ = "foreign-read"  # what nodes of the role read; it is nobody's


@dataclass(frozen=True, kw_only=True, repr=False)
class Node:
    """A resource of a program; other nodes are meant by their key, which a rename does not change.

    `moved_from` is an earlier parent that an alias tells of. `imports` adopts the thing `foreign-KEY`.
    """

    key: int
    role: Role
    name: str
    renamed_from: str = ""
    parent: int | None = None
    moved_from: int | None = None
    provider: int | None = None
    depends_on: tuple[int, ...] = ()
    source: int | None = None
    source_property: str = "note"
    deleted_with: int | None = None
    replace_with: int | None = None
    size: int = 1
    kind: str = "oak"
    plot: str = "a"
    protect: bool = False
    retain: bool = False
    delete_first: bool | None = None
    ignore_size: bool = False
    replace_on_size: bool = False
    imports: bool = False
    transforms: bool = False

    def __repr__(self) -> str:
        """As Python would make it again, without what is as usual."""
        given = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        return f"Node({', '.join(f'{name}={value!r}' for name, value, usual in given if value != usual)})"


Program = tuple[Node, ...]


def foreign(key: int) -> str:
    """The id of what a node imports."""
    return f"foreign-{key}"


def chance(draw: st.DrawFn, percent: int) -> bool:
    """Whether what happens so often does; a smaller case is one in which it does not."""
    return draw(_PERCENT) >= 100 - percent


@st.composite
def programs(draw: st.DrawFn, before: Program = ()) -> Program:
    """A program; most of what `before` has is kept, some of it changed, some renamed or moved."""
    known = {node.key: node for node in before}
    keys = [key for key in range(KEYS) if chance(draw, 80 if key in known else 50)]
    if chance(draw, 30):
        keys = draw(st.permutations(keys))
    nodes: list[Node] = []
    for key in keys:
        nodes.append(_node(draw, key, known.get(key), nodes))
    return tuple(nodes)


def _node(draw: st.DrawFn, key: int, old: Node | None, earlier: list[Node]) -> Node:
    if old is None:
        node = _changed(draw, Node(key=key, role=draw(_ROLES), name=f"n{key}"), earlier)
        if node.role == "thing" and chance(draw, 8):
            node = replace(node, imports=True, source=None)
        return fitting(node, earlier)
    known = replace(old, renamed_from="", moved_from=None)
    if not chance(draw, 50):
        return fitting(known, earlier)
    node = _changed(draw, known, earlier)
    if node.imports:
        node = replace(node, imports=chance(draw, 30), source=None)
    if chance(draw, 30):
        node = replace(node, name=f"{node.name}x", renamed_from=node.name, parent=old.parent)
    elif node.parent != old.parent and chance(draw, 70):
        node = replace(node, moved_from=TOP if old.parent is None else old.parent)
    return fitting(node, earlier)


def fitting(node: Node, earlier: list[Node]) -> Node:
    """A node that refers only to what stands before it."""
    present = {other.key: other.role for other in earlier}
    things = {key for key, role in present.items() if role == "thing"}
    return replace(
        node,
        parent=node.parent if present.get(node.parent or 0, "read") != "read" else None,
        moved_from=node.moved_from if node.moved_from == TOP or node.moved_from in present else None,
        provider=node.provider if present.get(-1 if node.provider is None else node.provider) else None,
        depends_on=tuple(key for key in node.depends_on if present.get(key, "component") != "component"),
        source=node.source if node.source in things else None,
        deleted_with=node.deleted_with if node.deleted_with in things else None,
        replace_with=node.replace_with if node.replace_with in things else None,
    )


def _changed(draw: st.DrawFn, node: Node, earlier: list[Node]) -> Node:
    def one_of(role: Role, percent: int) -> int | None:
        found = [other.key for other in earlier if other.role == role]
        return draw(st.sampled_from(found)) if found and chance(draw, percent) else None

    parent = one_of("thing" if chance(draw, 25) else "component", 50)
    return replace(
        node,
        parent=parent if chance(draw, 50) else node.parent,
        provider=one_of("provider", 60) if chance(draw, 50) else node.provider,
        depends_on=tuple(other.key for other in earlier if chance(draw, 20)),
        source=one_of("thing", 40),
        source_property=draw(_SOURCES),
        deleted_with=one_of("thing", 10),
        replace_with=one_of("thing", 10),
        size=2 if chance(draw, 33) else 1,
        kind="pine" if chance(draw, 33) else "oak",
        plot="b" if chance(draw, 33) else "a",
        protect=chance(draw, 7),
        retain=chance(draw, 10),
        delete_first=draw(_DELETE_FIRST),
        ignore_size=chance(draw, 15),
        replace_on_size=chance(draw, 10),
        transforms=chance(draw, 10),
    )


def as_program(nodes: Program, raise_at: int | None = None) -> Callable[[], None]:
    """What the SDK runs; it raises before the node `raise_at`."""

    def program() -> None:
        made: dict[int, Any] = {}
        for index, node in enumerate(nodes):
            if index == raise_at:
                raise pulumi.RunError("half way")
            made[node.key] = _declare(node, made)

    return program


def _tagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """What a node that transforms does to itself and its children."""
    if args.type_ != "cloud:index:Thing":
        return None
    return pulumi.ResourceTransformResult({**args.props, "tag": "by a transform"}, args.opts)


def _aliases(node: Node, made: dict[int, Any]) -> list[pulumi.Alias] | None:
    if node.renamed_from:
        return [pulumi.Alias(name=node.renamed_from)]
    if node.moved_from is None:
        return None
    if node.moved_from == TOP:
        return [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    return [pulumi.Alias(parent=made[node.moved_from])]


def _declare(node: Node, made: dict[int, Any]) -> pulumi.Resource:
    opts = pulumi.ResourceOptions(
        parent=made.get(TOP if node.parent is None else node.parent),
        depends_on=[made[key] for key in node.depends_on],
        protect=node.protect,
        aliases=_aliases(node, made),
        transforms=[_tagged] if node.transforms else None,
    )
    if node.role == "component":
        return pulumi.ComponentResource("test:index:Group", node.name, {}, opts)
    if node.role == "provider":
        return Provider(node.name, f"region-{node.kind}", opts=opts)
    provider = None if node.provider is None else made[node.provider]
    if node.role == "read":
        depends_on, above = opts.depends_on, opts.parent
        own = pulumi.ResourceOptions(id=READ, provider=provider, parent=above, depends_on=depends_on)
        return Thing(node.name, opts=own)
    props: dict[str, Any] = {"size": node.size, "kind": node.kind, "plot": node.plot}
    if node.source is not None:
        props[node.source_property] = made[node.source].serial
    more = pulumi.ResourceOptions(
        provider=provider,
        retain_on_delete=node.retain,
        delete_before_replace=node.delete_first,
        deleted_with=None if node.deleted_with is None else made[node.deleted_with],
        replace_with=None if node.replace_with is None else [made[node.replace_with]],
        ignore_changes=["size"] if node.ignore_size else None,
        replace_on_changes=["size"] if node.replace_on_size else None,
        import_=foreign(node.key) if node.imports else None,
    )
    return Thing(node.name, opts=pulumi.ResourceOptions.merge(opts, more), **props)
