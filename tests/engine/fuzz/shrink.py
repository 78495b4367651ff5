"""Makes a failing case small: whatever can be left out, and it fails still, is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from .cases import Ask, Case
from .nodes import Node, Program, fitting

TRIES = 300


def shrunk(case: Case, fails: Callable[[Case], bool], tries: int = TRIES) -> Case:
    """A smaller case that fails, after at most that many tries."""
    found = True
    while found:
        found = False
        for smaller in _smaller(case):
            if tries == 0:
                return case
            tries -= 1
            if fails(smaller):
                case, found = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases with one thing less, the largest things first."""
    if case.spoil is not None:
        yield replace(case, spoil=None, spoil_faults=())
    for name in ("first", "spoil", "then"):
        program: Program = getattr(case, name) or ()
        for index in range(len(program)):
            fewer: dict[str, Any] = {name: _fitted(program[:index] + program[index + 1 :])}
            yield replace(case, **fewer)
    keys = {node.key for node in (*case.first, *(case.spoil or ()), *case.then)}
    for key in sorted(keys):
        yield replace(
            case,
            first=_without(case.first, key),
            spoil=None if case.spoil is None else _without(case.spoil, key),
            then=_without(case.then, key),
        )
    for name in ("spoil_faults", "faults", "drift"):
        items = getattr(case, name)
        for index in range(len(items)):
            without: dict[str, Any] = {name: items[:index] + items[index + 1 :]}
            yield replace(case, **without)
    if case.raise_at is not None:
        yield replace(case, raise_at=None)
    if case.parallel != 1:
        yield replace(case, parallel=1)
    for field in fields(Ask):
        if field.name != "kind" and getattr(case.ask, field.name) != field.default:
            plain: dict[str, Any] = {field.name: field.default}
            yield replace(case, ask=replace(case.ask, **plain))
    yield from _plainer(case)


def _plainer(case: Case) -> Iterator[Case]:
    """Cases with an option of a resource less: in all programs, or in one."""
    options = [field for field in fields(Node) if field.name not in ("key", "role", "name")]
    programs = ("first", "spoil", "then")
    for names in (programs, *((name,) for name in programs)):
        for option in options:
            for key in range(max((node.key for node in (*case.first, *case.then)), default=-1) + 1):
                changed: dict[str, Any] = {
                    name: tuple(
                        replace(node, **{option.name: option.default}) if node.key == key else node
                        for node in getattr(case, name)
                    )
                    for name in names
                    if getattr(case, name) is not None
                }
                smaller = replace(case, **changed)
                if smaller != case:
                    yield smaller


def _without(program: Program, key: int) -> Program:
    return _fitted(tuple(node for node in program if node.key != key))


def _fitted(program: Program) -> Program:
    earlier: list[Node] = []
    for node in program:
        earlier.append(fitting(node, earlier))
    return tuple(earlier)
