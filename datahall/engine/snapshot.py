"""The state while an operation runs.

Resources that the operation has dealt with come first, in the order in which they were done, so each
stands after what it needs; those of the previous state that were not reached yet follow in their old
order. Written are: each intent to change something, before the provider is called (and the call waits
until that is on disk), and each outcome. A resource is encoded once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from datahall.engine import links
from datahall.engine.checkpoint import features_of
from datahall.engine.order import in_order
from datahall.engine.state import ResourceState, compact, encode_state
from datahall.engine.writer import Writer

Save = Callable[[list[str], list[str], list[str]], None]


class _Line:
    """States in order; each can be swapped or taken out by itself."""

    def __init__(self, states: Iterable[ResourceState] = ()) -> None:
        self._states: dict[int, ResourceState] = {}
        self._slots: dict[int, int] = {}
        self._next = 0
        for state in states:
            self.append(state)

    def append(self, state: ResourceState) -> None:
        self._states[self._next] = state
        self._slots[id(state)] = self._next
        self._next += 1

    def swap(self, old: ResourceState, new: ResourceState) -> None:
        slot = self._slots.pop(id(old), None)
        if slot is not None:
            self._states[slot] = new
            self._slots[id(new)] = slot

    def discard(self, state: ResourceState) -> None:
        slot = self._slots.pop(id(state), None)
        if slot is not None:
            del self._states[slot]

    def __iter__(self) -> Iterator[ResourceState]:
        return iter(self._states.values())


class Snapshot:
    """The resources of a stack, recorded step by step.

    `save` gets the resources and the pending operations as JSON, and the features that a reader must know
    of; without it (a preview) nothing is written. `interrupted` are operations that an earlier run began and
    did not end: they stay recorded until it is known what came of them. `ordered` brings each resource after
    what it needs, where some are left alone.
    """

    def __init__(
        self,
        base: Iterable[ResourceState],
        interrupted: Iterable[tuple[ResourceState, str]] = (),
        *,
        encrypt: Callable[[str], str],
        save: Save | None,
        ordered: bool = False,
    ) -> None:
        self._base = _Line(base)
        self._new = _Line()
        self._aliases: dict[str, str] = {}
        self._pending: dict[int, tuple[ResourceState, str]] = {}
        self._interrupted = list(interrupted)
        self._encoded: dict[int, tuple[ResourceState, str]] = {}
        self._encrypt = encrypt
        self._save = save
        self._ordered = ordered
        self._lock = threading.Lock()
        self._writer = Writer(self._write) if save else None

    def resources(self) -> list[ResourceState]:
        """All resources, in the order of the state file."""
        with self._lock:
            return self._all()

    def _all(self) -> list[ResourceState]:
        states = [*self._new, *self._base]
        return in_order(states, self._aliases) if self._ordered else states

    def begin(self, kind: str, state: ResourceState) -> None:
        """Record the intent (`creating`, `updating`, `deleting`); returns once it is on disk."""
        with self._lock:
            self._pending[id(state)] = (state, kind)
        if self._writer:
            self._writer.wait(self._writer.want())

    def settled(self, state: ResourceState) -> None:
        """It is known what came of an interrupted operation."""
        with self._lock:
            self._settle(state)
        self._want()

    def postpone(self, state: ResourceState) -> None:
        """An interrupted creation could not be asked for: once it can, it is only to be deleted."""
        if state.delete:
            return
        with self._lock:
            self._interrupted = [
                (replace(each, delete=True) if each is state else each, kind)
                for each, kind in self._interrupted
            ]
        self._want()

    def abandon(self, state: ResourceState) -> None:
        """The intent came to nothing: the provider refused and changed nothing."""
        with self._lock:
            self._pending.pop(id(state), None)
        self._want()

    def add(
        self, state: ResourceState, *, intent: ResourceState | None = None, old: ResourceState | None = None
    ) -> None:
        """Record a resource as done, in place of `old`; the intent to do so is fulfilled."""
        with self._lock:
            self._done(intent)
            if old is not None:
                self._base.discard(old)
                self._rename(old, state)
            self._new.append(state)
        if old is None or not _same(old, state):
            self._want()

    def add_beside(
        self,
        state: ResourceState,
        *,
        intent: ResourceState | None,
        old: ResourceState,
        condemned: ResourceState,
    ) -> None:
        """Record a replacement; `old` stays as `condemned`, to be deleted later."""
        with self._lock:
            self._done(intent)
            self._base.swap(old, condemned)  # under its own URN: who refers to that goes on doing so
            self._new.append(state)
        self._want()

    def adopt(
        self,
        state: ResourceState,
        *,
        operation: ResourceState,
        old: ResourceState | None,
        condemned: ResourceState | None,
    ) -> None:
        """Record what an interrupted run made: in place of `old`, or beside it if that is `condemned`."""
        with self._lock:
            self._settle(operation)
            if old is not None and condemned is None:
                self._base.swap(old, state)
            else:
                if old is not None and condemned is not None:
                    self._base.swap(old, condemned)
                self._base.append(state)
        self._want()

    def substitute(
        self, old: ResourceState, new: ResourceState, *, intent: ResourceState | None = None
    ) -> None:
        """Record a change of a resource where it stands."""
        with self._lock:
            self._done(intent)
            self._new.swap(old, new)
            self._base.swap(old, new)
        if intent is not None or not _same(old, new):
            self._want()

    def remove(self, state: ResourceState, *, intent: ResourceState | None = None) -> None:
        """Record that a resource is gone."""
        with self._lock:
            self._done(intent)
            self._new.discard(state)
            self._base.discard(state)
        self._want()

    def forget(self, gone: Collection[ResourceState]) -> None:
        """Record that resources are gone; what depended on them no longer does, children move up."""
        with self._lock:
            for state in gone:
                self._new.discard(state)
                self._base.discard(state)
            parents: dict[str, str] = {state.urn: state.parent for state in gone}
            left: set[str] = set()
            for state in [*self._new, *self._base]:
                kept = freed(state, left, parents)
                if kept != state:
                    self._new.swap(state, kept)
                    self._base.swap(state, kept)
                left.add(state.urn)
        self._want()

    def close(self, *, write: bool = False) -> None:
        """End: everything recorded is on disk. Raises what a failed write raised."""
        if write:
            self._want()
        if self._writer:
            self._writer.close()

    def _rename(self, old: ResourceState, new: ResourceState) -> None:
        """An alias: whatever refers to the old URN is written as referring to the new one."""
        if old.urn != new.urn:
            self._aliases[old.urn] = new.urn

    def _done(self, intent: ResourceState | None) -> None:
        if intent is not None:
            self._pending.pop(id(intent), None)

    def _settle(self, operation: ResourceState) -> None:
        self._interrupted = [each for each in self._interrupted if each[0] is not operation]

    def _want(self) -> None:
        if self._writer:
            self._writer.want()

    def _write(self) -> None:
        with self._lock:
            resources = self._all()
            pending = list(self._pending.values())
            pending += self._interrupted
        operations = [f'{{"resource":{self._encode(state)},"type":"{kind}"}}' for state, kind in pending]
        if self._save:
            features = features_of([*resources, *(state for state, _ in pending)])
            self._save([self._encode(state) for state in resources], operations, features)

    def _encode(self, state: ResourceState) -> str:
        if self._aliases and not self._aliases.keys().isdisjoint(state.needs()):
            renamed = links.redirected(state, lambda urn: self._aliases.get(urn, urn))
            return compact(encode_state(renamed, self._encrypt))
        known = self._encoded.get(id(state))
        if known is None:  # the state is kept beside its text, so its id stays its own
            known = (state, compact(encode_state(state, self._encrypt)))
            self._encoded[id(state)] = known
        return known[1]


def _same(old: ResourceState, new: ResourceState) -> bool:
    """Whether there is nothing to write; `modified` alone is no change."""
    return replace(old, modified="", created="") == replace(new, modified="", created="")


def freed(state: ResourceState, left: set[str], parents: dict[str, str]) -> ResourceState:
    """A state that refers only to `left`; `parents` are those of what is gone, by URN."""
    parent = state.parent
    while parent and parent not in left and parent in parents:
        parent = parents[parent]
    return replace(links.redirected(state, lambda urn: urn if urn in left else ""), parent=parent)
