"""Random lives of a stack: a snapshot, a program, faults, and an operation with options."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from random import Random
from typing import Literal

from .cloud import KINDS, METHODS, Fault
from .nodes import KEYS, Program, random_program

Kind = Literal["preview", "up", "refresh", "destroy", "rename", "reimport"]
WEIGHTS: dict[Kind, int] = {"preview": 3, "up": 9, "refresh": 4, "destroy": 4, "rename": 1, "reimport": 1}
ASKED: list[Kind] = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]


@dataclass(frozen=True)
class Drift:
    """The `index`-th thing of the cloud (counted round) changed behind the engine's back, or gone."""

    index: int
    gone: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class Ask:
    """An operation and its options; nodes are meant by their key."""

    kind: Kind
    target: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    dependents: bool = False
    replace: tuple[int, ...] = ()
    continues: bool = False
    refresh: bool = False
    exclude_protected: bool = False

    @property
    def constrained(self) -> bool:
        """Whether it may leave something alone, or be refused for what it names."""
        return bool(self.target or self.exclude or self.replace or self.exclude_protected)

    def __repr__(self) -> str:
        """As Python would make it again, without what is as usual."""
        given = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        return f"Ask({', '.join(f'{name}={value!r}' for name, value, usual in given if value != usual)})"


@dataclass(frozen=True)
class Case:
    """The first program makes the snapshot; a second, faulty update may spoil it; then the operation."""

    first: Program
    spoil: Program | None
    spoil_faults: tuple[Fault, ...]
    then: Program
    ask: Ask
    faults: tuple[Fault, ...]
    raise_at: int | None
    parallel: int
    drift: tuple[Drift, ...]


def random_case(random: Random) -> Case:
    first = random_program(random, ())
    spoil = random_program(random, first) if random.random() < 0.4 else None
    then = random_program(random, spoil or first)
    ask = _ask(random)
    drifts = random.randrange(3) if ask.kind == "refresh" or ask.refresh else 0
    return Case(
        first=first,
        spoil=spoil,
        spoil_faults=_faults(random),
        then=then,
        ask=ask,
        faults=_faults(random) if random.random() < 0.7 else (),
        raise_at=random.randrange(6) if random.random() < 0.15 else None,
        parallel=random.choice((1, 4)),
        drift=tuple(Drift(random.randrange(7), random.random() < 0.4) for _ in range(drifts)),
    )


def _faults(random: Random) -> tuple[Fault, ...]:
    return tuple(
        Fault(random.choice(METHODS), random.randrange(5), random.choice(KINDS))
        for _ in range(random.randrange(1, 3))
    )


def _ask(random: Random) -> Ask:
    kind = random.choice(ASKED)
    ask = Ask(kind=kind)
    if kind in ("rename", "reimport"):
        return ask
    keys = tuple(key for key in range(KEYS) if random.random() < 0.35)
    limits = random.random()
    if limits < 0.15:
        ask = replace(ask, target=keys, dependents=random.random() < 0.5)
    elif limits < 0.3:
        ask = replace(ask, exclude=keys, dependents=random.random() < 0.5)
    elif limits < 0.4 and kind in ("preview", "up"):
        ask = replace(ask, replace=keys)
    elif limits < 0.4 and kind == "destroy":
        ask = replace(ask, exclude_protected=True)
    return replace(
        ask,
        continues=kind in ("up", "destroy") and random.random() < 0.25,
        refresh=kind != "refresh" and random.random() < 0.15,
    )
