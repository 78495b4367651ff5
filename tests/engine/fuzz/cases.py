"""Random programs, faults and operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

import pulumi

from ..programs import Provider, Thing
from .cloud import Fault

Operation = Literal["preview", "up", "refresh", "destroy"]
Role = Literal["thing", "component", "provider"]
ROLES: tuple[Role, ...] = ("thing", "thing", "thing", "thing", "component", "provider")
OPERATIONS: tuple[Operation, ...] = ("preview", "up", "up", "up", "refresh", "refresh", "destroy")
METHODS = ("create", "create", "update", "delete", "delete", "diff", "check", "read", "read")


@dataclass(frozen=True, kw_only=True)
class Node:
    """A resource of a program; other nodes are meant by their key, which a rename does not change."""

    key: int
    role: Role
    name: str
    renamed_from: str = ""
    parent: int | None = None
    provider: int | None = None
    depends_on: tuple[int, ...] = ()
    source: int | None = None
    source_property: str = "note"
    deleted_with: int | None = None
    size: int = 1
    kind: str = "oak"
    plot: str = "a"
    protect: bool = False
    retain: bool = False
    delete_first: bool | None = None
    ignore_size: bool = False
    replace_on_size: bool = False


@dataclass(frozen=True)
class Drift:
    """The `index`-th thing of the cloud (counted round) changed behind the engine's back, or gone."""

    index: int
    gone: bool


@dataclass(frozen=True)
class Case:
    """The first program makes the snapshot; a second, faulty update may spoil it; then the operation."""

    first: tuple[Node, ...]
    spoil: tuple[Node, ...] | None
    spoil_faults: tuple[Fault, ...]
    then: tuple[Node, ...]
    operation: Operation
    faults: tuple[Fault, ...]
    raise_at: int | None
    parallel: int
    drift: tuple[Drift, ...]


def random_case(random: Random) -> Case:
    first = _program(random, ())
    spoil = _program(random, first) if random.random() < 0.4 else None
    then = _program(random, spoil or first)
    return Case(
        first=first,
        spoil=spoil,
        spoil_faults=_faults(random),
        then=then,
        operation=random.choice(OPERATIONS),
        faults=_faults(random) if random.random() < 0.7 else (),
        raise_at=random.randrange(6) if random.random() < 0.15 else None,
        parallel=random.choice((1, 4)),
        drift=tuple(Drift(random.randrange(7), random.random() < 0.4) for _ in range(random.randrange(3))),
    )


def _faults(random: Random) -> tuple[Fault, ...]:
    return tuple(
        Fault(random.choice(METHODS), random.randrange(5), random.random() < 0.3)
        for _ in range(random.randrange(1, 3))
    )


def _program(random: Random, before: tuple[Node, ...]) -> tuple[Node, ...]:
    """A program; most of what `before` has is kept, some of it changed, some renamed."""
    known = {node.key: node for node in before}
    keys = [key for key in range(7) if random.random() < (0.8 if key in known else 0.5)]
    if random.random() < 0.3:
        random.shuffle(keys)
    nodes: list[Node] = []
    for key in keys:
        nodes.append(_node(random, key, known.get(key), nodes))
    return tuple(nodes)


def _node(random: Random, key: int, old: Node | None, earlier: list[Node]) -> Node:
    things = [node.key for node in earlier if node.role == "thing"]
    if old is None:
        node = _changed(random, Node(key=key, role=random.choice(ROLES), name=f"n{key}"), earlier)
    elif random.random() < 0.5:
        node = replace(old, renamed_from="")
    else:
        node = _changed(random, replace(old, renamed_from=""), earlier)
        if random.random() < 0.3:
            node = replace(node, name=f"{node.name}x", renamed_from=node.name, parent=old.parent)
    present = {other.key for other in earlier}
    plain = {other.key for other in earlier if other.role != "component"}  # those can close a circle
    return replace(
        node,
        parent=node.parent if node.parent in present else None,
        provider=node.provider if node.provider in present else None,
        depends_on=tuple(other for other in node.depends_on if other in plain),
        source=node.source if node.source in things else None,
        deleted_with=node.deleted_with if node.deleted_with in things else None,
    )


def _changed(random: Random, node: Node, earlier: list[Node]) -> Node:
    def one_of(role: Role, chance: float) -> int | None:
        found = [other.key for other in earlier if other.role == role]
        return random.choice(found) if found and random.random() < chance else None

    return replace(
        node,
        parent=one_of("component", 0.5) if random.random() < 0.5 else node.parent,
        provider=one_of("provider", 0.6) if random.random() < 0.5 else node.provider,
        depends_on=tuple(other.key for other in earlier if random.random() < 0.2),
        source=one_of("thing", 0.4),
        source_property=random.choice(("note", "kind", "plot")),
        deleted_with=one_of("thing", 0.1),
        size=random.choice((1, 1, 2)),
        kind=random.choice(("oak", "oak", "pine")),
        plot=random.choice(("a", "a", "b")),
        protect=random.random() < 0.07,
        retain=random.random() < 0.1,
        delete_first=random.choice((None, None, True, False)),
        ignore_size=random.random() < 0.15,
        replace_on_size=random.random() < 0.1,
    )


def as_program(nodes: tuple[Node, ...], raise_at: int | None = None) -> Callable[[], None]:
    """What the SDK runs."""

    def program() -> None:
        made: dict[int, Any] = {}
        for index, node in enumerate(nodes):
            if index == raise_at:
                raise pulumi.RunError("half way")
            made[node.key] = _declare(node, made)

    return program


def _declare(node: Node, made: dict[int, Any]) -> pulumi.Resource:
    opts = pulumi.ResourceOptions(
        parent=made.get(-1 if node.parent is None else node.parent),
        depends_on=[made[key] for key in node.depends_on],
        protect=node.protect,
        aliases=[pulumi.Alias(name=node.renamed_from)] if node.renamed_from else None,
    )
    if node.role == "component":
        return pulumi.ComponentResource("test:index:Group", node.name, {}, opts)
    if node.role == "provider":
        return Provider(node.name, f"region-{node.kind}", opts=opts)
    props: dict[str, Any] = {"size": node.size, "kind": node.kind, "plot": node.plot}
    if node.source is not None:
        props[node.source_property] = made[node.source].serial
    more = pulumi.ResourceOptions(
        provider=None if node.provider is None else made[node.provider],
        retain_on_delete=node.retain,
        delete_before_replace=node.delete_first,
        deleted_with=None if node.deleted_with is None else made[node.deleted_with],
        ignore_changes=["size"] if node.ignore_size else None,
        replace_on_changes=["size"] if node.replace_on_size else None,
    )
    return Thing(node.name, opts=pulumi.ResourceOptions.merge(opts, more), **props)
