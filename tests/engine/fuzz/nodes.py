"""Random programs: nodes with all options of a resource, and what the SDK runs of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal

import pulumi

from ..programs import Provider, Thing

Role = Literal["thing", "component", "provider", "read"]
WEIGHTS: dict[Role, int] = {"thing": 8, "component": 2, "provider": 2, "read": 1}
ROLES: list[Role] = [role for role, weight in WEIGHTS.items() for _ in range(weight)]
KEYS = 7
TOP = -1  # the parent of what has none
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


def random_program(random: Random, before: Program) -> Program:
    """A program; most of what `before` has is kept, some of it changed, some renamed or moved."""
    known = {node.key: node for node in before}
    keys = [key for key in range(KEYS) if random.random() < (0.8 if key in known else 0.5)]
    if random.random() < 0.3:
        random.shuffle(keys)
    nodes: list[Node] = []
    for key in keys:
        nodes.append(_node(random, key, known.get(key), nodes))
    return tuple(nodes)


def _node(random: Random, key: int, old: Node | None, earlier: list[Node]) -> Node:
    if old is None:
        node = _changed(random, Node(key=key, role=random.choice(ROLES), name=f"n{key}"), earlier)
        if node.role == "thing" and random.random() < 0.08:
            node = replace(node, imports=True, source=None)
        return fitting(node, earlier)
    known = replace(old, renamed_from="", moved_from=None)
    if random.random() < 0.5:
        return fitting(known, earlier)
    node = _changed(random, known, earlier)
    if node.imports:
        node = replace(node, imports=random.random() < 0.3, source=None)
    if random.random() < 0.3:
        node = replace(node, name=f"{node.name}x", renamed_from=node.name, parent=old.parent)
    elif node.parent != old.parent and random.random() < 0.7:
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


def _changed(random: Random, node: Node, earlier: list[Node]) -> Node:
    def one_of(role: Role, chance: float) -> int | None:
        found = [other.key for other in earlier if other.role == role]
        return random.choice(found) if found and random.random() < chance else None

    parent = one_of(random.choice(("component", "component", "component", "thing")), 0.5)
    return replace(
        node,
        parent=parent if random.random() < 0.5 else node.parent,
        provider=one_of("provider", 0.6) if random.random() < 0.5 else node.provider,
        depends_on=tuple(other.key for other in earlier if random.random() < 0.2),
        source=one_of("thing", 0.4),
        source_property=random.choice(("note", "kind", "plot")),
        deleted_with=one_of("thing", 0.1),
        replace_with=one_of("thing", 0.1),
        size=random.choice((1, 1, 2)),
        kind=random.choice(("oak", "oak", "pine")),
        plot=random.choice(("a", "a", "b")),
        protect=random.random() < 0.07,
        retain=random.random() < 0.1,
        delete_first=random.choice((None, None, True, False)),
        ignore_size=random.random() < 0.15,
        replace_on_size=random.random() < 0.1,
        transforms=random.random() < 0.1,
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
