"""The order of a state file: each resource after what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from datahall.engine.state import ResourceState


def in_order(states: Sequence[ResourceState], aliases: Mapping[str, str]) -> list[ResourceState]:
    """The states in their order, but each after the first of every URN that it needs."""
    first: dict[str, ResourceState] = {}
    for state in states:
        first.setdefault(state.urn, state)
    done: dict[int, ResourceState] = {}
    for start in states:
        path = [(start, False)]
        entered: set[int] = set()
        while path:
            state, reached = path.pop()
            if reached:
                done.setdefault(id(state), state)
                continue
            if id(state) in done or id(state) in entered:
                continue
            entered.add(id(state))
            path.append((state, True))
            needed = (first.get(aliases.get(urn, urn)) for urn in sorted(state.needs(), reverse=True))
            path.extend((other, False) for other in needed if other is not None)
    return list(done.values())
