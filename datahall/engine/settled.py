"""What this run has dealt with so far: whether all that a function call depends on exists.

As with the official engine, a custom resource stands for itself, and a component for all below it, down to
the first custom resource on each branch. Registrations under way below such a component are waited for.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.2  # how long a run that is ending may go unnoticed


class Settled:
    """Registrations of one run, done and under way; safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._exists: dict[str, bool] = {}  # custom resources
        self._components: set[str] = set()
        self._children: dict[str, list[str]] = {}
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def below(self, parent: str) -> Iterator[None]:
        """A registration under way."""
        with self._changed:
            self._under_way[parent] += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way[parent] -= 1
                self._changed.notify_all()

    def done(self, urn: str, parent: str, *, custom: bool, exists: bool) -> None:
        """A resource that is dealt with; one that a preview would create does not exist."""
        with self._changed:
            self._children.setdefault(parent, []).append(urn)
            if custom:
                self._exists[urn] = exists
            else:
                self._components.add(urn)
            self._changed.notify_all()

    def lacks(self, urns: Collection[str], go_on: Callable[[], None]) -> bool:
        """Whether something of what `urns` stand for does not exist; `go_on` raises to end the wait."""
        with self._changed:
            while True:
                custom, components = self._expanded(urns)
                if not all(self._exists[urn] for urn in custom):
                    return True
                if not any(self._under_way[urn] for urn in components):
                    return False
                self._changed.wait(_LOOK_SECONDS)
                go_on()

    def _expanded(self, urns: Collection[str]) -> tuple[set[str], set[str]]:
        custom: set[str] = set()
        components: set[str] = set()
        frontier = list(urns)
        while frontier:
            urn = frontier.pop()
            if urn in self._exists:
                custom.add(urn)
            elif urn in self._components and urn not in components:
                components.add(urn)
                frontier += self._children.get(urn, ())
        return custom, components
