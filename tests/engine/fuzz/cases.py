"""Random lives of a stack: a snapshot, a program, faults, and an operation with options."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from hypothesis import strategies as st

from .cloud import KINDS, METHODS, Fault
from .nodes import KEYS, Program, chance, programs

Kind = Literal["preview", "up", "refresh", "destroy", "rename", "reimport"]
WEIGHTS: dict[Kind, int] = {"up": 6, "preview": 3, "refresh": 3, "destroy": 4, "rename": 1, "reimport": 1}
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


_ASKED = st.sampled_from(ASKED)
_LIMITS = st.sampled_from(("",) * 12 + ("target",) * 3 + ("exclude",) * 3 + ("else",) * 2)
_INDEX = st.integers(0, 5)
_PARALLEL = st.sampled_from((1, 4))
_FAULTS = st.lists(
    st.builds(Fault, st.sampled_from(METHODS), st.integers(0, 4), st.sampled_from(KINDS)),
    min_size=1,
    max_size=2,
).map(tuple)
_DRIFTS = st.lists(st.builds(Drift, st.integers(0, KEYS - 1), st.booleans()), max_size=2)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Lives of a stack; what is smaller has less of everything, and no faults."""
    first = draw(programs())
    spoil = draw(programs(first)) if chance(draw, 40) else None
    then = draw(programs(spoil or first))
    ask = draw(asks())
    drifts = draw(_DRIFTS) if ask.kind == "refresh" or ask.refresh else []
    return Case(
        first=first,
        spoil=spoil,
        spoil_faults=draw(_FAULTS) if spoil is not None else (),
        then=then,
        ask=ask,
        faults=draw(_FAULTS) if chance(draw, 70) else (),
        raise_at=draw(_INDEX) if chance(draw, 15) else None,
        parallel=draw(_PARALLEL),
        drift=tuple(drifts),
    )


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    """Operations and their options."""
    kind = draw(_ASKED)
    ask = Ask(kind=kind)
    if kind in ("rename", "reimport"):
        return ask
    limits = draw(_LIMITS)
    keys = tuple(key for key in range(KEYS) if chance(draw, 35)) if limits else ()
    if limits == "target":
        ask = replace(ask, target=keys, dependents=chance(draw, 50))
    elif limits == "exclude":
        ask = replace(ask, exclude=keys, dependents=chance(draw, 50))
    elif limits == "else" and kind in ("preview", "up"):
        ask = replace(ask, replace=keys)
    elif limits == "else" and kind == "destroy":
        ask = replace(ask, exclude_protected=True)
    return replace(
        ask,
        continues=kind in ("up", "destroy") and chance(draw, 25),
        refresh=kind != "refresh" and chance(draw, 15),
    )
