"""What the fuzzer found, made small: each was once a broken promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .cases import Ask, Case
from .cloud import Cloud, Fault, serving
from .life import live
from .nodes import Node, Program


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Cloud, int]]:
    with serving() as both:
        yield both


def case(
    *,
    ask: Ask,
    first: Program = (),
    spoil: Program | None = None,
    spoil_faults: tuple[Fault, ...] = (),
    then: Program = (),
    faults: tuple[Fault, ...] = (),
) -> Case:
    return Case(
        first=first,
        spoil=spoil,
        spoil_faults=spoil_faults,
        then=then,
        ask=ask,
        faults=faults,
        raise_at=None,
        parallel=1,
        drift=(),
    )


THING = Node(key=0, role="thing", name="n0")
IMPORT = Node(key=1, role="thing", name="n1", imports=True)
READ = Node(key=2, role="read", name="n2", parent=0)
FOUND = {
    "a deletion whose outcome cannot be read": case(
        first=(THING,),
        spoil=(),
        spoil_faults=(Fault("delete", 0, "killed after"),),
        ask=Ask(kind="up"),
        faults=(Fault("read", 0),),
    ),
    "a creation that is refused when it is asked for again, and whose provider nobody wants any more": case(
        spoil=(THING,),
        spoil_faults=(Fault("create", 0, "lost"),),
        ask=Ask(kind="up"),
        faults=(Fault("create", 0),),
    ),
    "a creation that is refused when it is asked for again, before all is destroyed": case(
        spoil=(THING,),
        spoil_faults=(Fault("create", 0, "lost"),),
        ask=Ask(kind="destroy"),
        faults=(Fault("create", 0),),
    ),
    "the same of a provider in a component": case(
        spoil=(
            Node(key=1, role="component", name="n1"),
            Node(key=2, role="thing", name="n2", parent=1),
            Node(key=3, role="provider", name="n3", parent=1, depends_on=(2,)),
            Node(key=0, role="thing", name="n0", provider=3),
        ),
        spoil_faults=(Fault("create", 1, "lost"),),
        ask=Ask(kind="up"),
        faults=(Fault("create", 0),),
    ),
    "a refresh while a replacement is pending": case(
        first=(THING,),
        spoil=(Node(key=0, role="thing", name="n0", kind="pine"),),
        spoil_faults=(Fault("create", 0, "killed after"),),
        then=(THING,),
        ask=Ask(kind="refresh"),
    ),
    "a read below what is left out": case(then=(THING, READ), ask=Ask(kind="up", exclude=(0, 2))),
    "a circle through what was replaced": case(
        first=(
            Node(key=1, role="thing", name="n1"),
            Node(key=0, role="thing", name="n0", source=1, source_property="kind"),
        ),
        spoil=(
            THING,
            Node(key=1, role="thing", name="n1x", renamed_from="n1", depends_on=(0,)),
            Node(key=5, role="thing", name="n5", plot="b"),
            Node(key=6, role="thing", name="n6", source=1, source_property="plot"),
        ),
        spoil_faults=(Fault("check", 4),),
        ask=Ask(kind="up"),
    ),
    "moved below what is left alone and needs it": case(
        first=(THING, Node(key=2, role="thing", name="n2", source=0)),
        then=(
            Node(key=2, role="thing", name="n2"),
            Node(key=0, role="thing", name="n0", parent=2, moved_from=-1),
        ),
        ask=Ask(kind="up", exclude=(2,)),
    ),
    "an import under another URN": case(
        first=(THING, Node(key=1, role="thing", name="n1", parent=0, imports=True)),
        then=(IMPORT,),
        ask=Ask(kind="up"),
    ),
    "an import under another URN, its first one protected": case(
        first=(
            Node(key=0, role="component", name="n0", protect=True),
            Node(key=1, role="thing", name="n1", parent=0, imports=True),
        ),
        then=(IMPORT,),
        ask=Ask(kind="up"),
    ),
}


@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND.keys())
def test_a_life_that_once_went_wrong(found: Case, served: tuple[Cloud, int], salt: str) -> None:
    live(found, *served, salt)
