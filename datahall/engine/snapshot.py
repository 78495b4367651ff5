"""The state while an operation runs.

Resources that the operation has dealt with come first, in the order in which they were done, so each
stands after what it needs; those of the previous state that were not reached yet follow in their old
order. Written are: each intent to change something, before the provider is called (and the call waits
until that is on disk), and each outcome. A resource is encoded once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from datahall.engine import journal, links
from datahall.engine.checkpoint import features_of
from datahall.engine.order import in_order
from datahall.engine.recorder import Document, Recorder
from datahall.engine.state import ResourceState, compact, encode_state
from datahall.engine.writer import Writer

_T = TypeVar("_T")
_NEW, _BASE = journal.RESOURCES
_Change = tuple[str, int, Any]  # a line, a slot in it, and what stands there now, or None


@dataclass(frozen=True)
class _Intent:
    """An operation that was begun and is not known to be done."""

    state: ResourceState
    kind: str


class _Line(Generic[_T]):
    """Items in order; each can be swapped or taken out by itself. `log`, if given, takes what changes."""

    def __init__(self, name: str, log: list[_Change] | None, items: Iterable[_T] = ()) -> None:
        self.name = name
        self._items: dict[int, _T] = dict(enumerate(items))
        self._slots = {id(item): slot for slot, item in self._items.items()}
        self._next = len(self._items)
        self._log = log

    def append(self, item: _T) -> None:
        self._items[self._next] = item
        self._slots[id(item)] = self._next
        self._tell(self._next, item)
        self._next += 1

    def swap(self, old: _T, new: _T) -> None:
        slot = self._slots.pop(id(old), None)
        if slot is not None:
            self._items[slot] = new
            self._slots[id(new)] = slot
            self._tell(slot, new)

    def discard(self, item: _T) -> None:
        slot = self._slots.pop(id(item), None)
        if slot is not None:
            del self._items[slot]
            self._tell(slot, None)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._items.values())

    def _tell(self, slot: int, item: _T | None) -> None:
        if self._log is not None:
            self._log.append((self.name, slot, item))

    def slots(self) -> list[tuple[int, _T]]:
        return list(self._items.items())


class Snapshot:
    """The resources of a stack, recorded step by step.

    `recorder` puts them on disk; without it (a preview) nothing is written. `interrupted` are operations that
    an earlier run began and did not end: they stay recorded until it is known what came of them. `ordered`
    brings each resource after what it needs, where some are left alone: then, and once an alias has given a
    resource another URN, the state is written whole, as that can move or change any of them.
    """

    def __init__(
        self,
        base: Iterable[ResourceState],
        interrupted: Iterable[tuple[ResourceState, str]] = (),
        *,
        encrypt: Callable[[str], str],
        recorder: Recorder | None,
        ordered: bool = False,
    ) -> None:
        self._log: list[_Change] = []
        log = None if recorder is None else self._log
        self._base = _Line(_BASE, log, base)
        self._new: _Line[ResourceState] = _Line(_NEW, log)
        begun = [_Intent(state, kind) for state, kind in interrupted]
        self._pending = _Line(journal.PENDING, log, begun)
        self._intents = {id(intent.state): intent for intent in begun}
        self._hopeless: set[int] = set()
        self._aliases: dict[str, str] = {}
        self._texts: dict[tuple[str, int], tuple[Any, str]] = {}
        self._encrypt = encrypt
        self._recorder = recorder
        self._ordered = ordered
        self._lock = threading.Lock()
        self._folding = threading.Lock()
        self._writer = Writer(self._write) if recorder else None

    def resources(self) -> list[ResourceState]:
        """All resources, in the order of the state file."""
        with self._lock:
            return self._all()

    def _all(self) -> list[ResourceState]:
        states = [*self._new, *self._base]
        return in_order(states, self._aliases) if self._ordered else states

    def begin(self, kind: str, state: ResourceState) -> None:
        """Record the intent (`creating`, `updating`, `deleting`); returns once it is on disk."""
        intent = _Intent(state, kind)
        with self._lock:
            self._intents[id(state)] = intent
            self._pending.append(intent)
        if self._writer:
            self._writer.wait(self._writer.want())

    def settled(self, state: ResourceState) -> None:
        """It is known what came of an interrupted operation."""
        with self._lock:
            self._no_longer(state)
        self._want()

    def postpone(self, state: ResourceState) -> None:
        """An interrupted creation could not be asked for: once it can, it is only to be deleted."""
        if state.delete:
            with self._lock:
                self._hopeless.add(id(state))
            return
        with self._lock:
            intent = self._intents.pop(id(state), None)
            if intent is not None:
                later = _Intent(replace(state, delete=True), intent.kind)
                self._pending.swap(intent, later)
                self._intents[id(later.state)] = later
        self._want()

    def to_create(self) -> list[ResourceState]:
        """Creations of which it is not known whether they were done, and which are asked for once more."""
        with self._lock:
            pending = [intent.state for intent in self._pending if intent.kind == "creating"]
            return [state for state in pending if id(state) not in self._hopeless]

    def abandon(self, state: ResourceState) -> None:
        """The intent came to nothing: the provider refused and changed nothing."""
        with self._lock:
            self._no_longer(state)
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
        operation: ResourceState | None,
        old: ResourceState | None,
        condemned: ResourceState | None,
    ) -> None:
        """Record what was there: in place of `old`, or beside it if that is `condemned`.

        `operation` is that of an interrupted run which made it.
        """
        with self._lock:
            if operation is not None:
                self._no_longer(operation)
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
        """Record that resources are gone; what depended on them no longer does, children have no parent."""
        with self._lock:
            for state in gone:
                self._new.discard(state)
                self._base.discard(state)
            left: set[str] = set()
            for state in [*self._new, *self._base]:
                kept = freed(state, left)
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
        self._fold()

    def _rename(self, old: ResourceState, new: ResourceState) -> None:
        """An alias: whatever refers to the old URN is written as referring to the new one."""
        if old.urn != new.urn:
            self._aliases[old.urn] = new.urn

    def _done(self, intent: ResourceState | None) -> None:
        if intent is not None:
            self._no_longer(intent)

    def _no_longer(self, state: ResourceState) -> None:
        intent = self._intents.pop(id(state), None)
        if intent is not None:
            self._pending.discard(intent)

    def _want(self) -> None:
        if self._writer:
            self._writer.want()

    def _write(self) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        with self._lock:
            changes = journal.last(self._log)
            self._log.clear()
            document = None if recorder.journalling and not self._aliases else self._lines()
        for slot in changes:
            self._texts.pop(slot, None)
        if document is not None:
            recorder.write(self._document(document, journalled=not (self._ordered or self._aliases)))
        elif changes:
            recorder.add(
                [
                    journal.entry(name, slot, None if item is None else self._encode((name, slot), item))
                    for (name, slot), item in changes.items()
                ]
            )

    def _fold(self) -> None:
        """Write the state whole, and end its journal."""
        if self._recorder is None:
            return
        with self._folding:  # an interrupt ends a run that goes on
            if self._recorder.journalling:
                with self._lock:
                    lines = self._lines()
                self._recorder.write(self._document(lines, journalled=False))

    def _lines(self) -> dict[str, list[tuple[int, Any]]]:
        return {line.name: line.slots() for line in (self._new, self._base, self._pending)}

    def _document(self, lines: dict[str, list[tuple[int, Any]]], *, journalled: bool) -> Document:
        pending = lines.pop(journal.PENDING)
        texts = {id(item): self._encode((name, slot), item) for name in lines for slot, item in lines[name]}
        states = [item for items in lines.values() for _, item in items]
        if self._ordered:
            states = in_order(states, self._aliases)
        numbered = {**lines, journal.PENDING: pending}
        return Document(
            resources=[texts[id(state)] for state in states],
            pending=[self._encode((journal.PENDING, slot), item) for slot, item in pending],
            features=features_of([*states, *(intent.state for _, intent in pending)]),
            slots={name: [slot for slot, _ in items] for name, items in numbered.items()}
            if journalled
            else None,
        )

    def _encode(self, where: tuple[str, int], item: ResourceState | _Intent) -> str:
        """Its JSON; kept until something else stands there."""
        state = item.state if isinstance(item, _Intent) else item
        renamed = self._aliases and not self._aliases.keys().isdisjoint(state.needs())
        known = self._texts.get(where)
        if known is not None and known[0] is item and not renamed:
            return known[1]
        if renamed:
            state = links.redirected(state, lambda urn: self._aliases.get(urn, urn))
        text = compact(encode_state(state, self._encrypt))
        if isinstance(item, _Intent):
            text = f'{{"resource":{text},"type":"{item.kind}"}}'
        if not renamed:
            self._texts[where] = (item, text)
        return text


def _same(old: ResourceState, new: ResourceState) -> bool:
    """Whether there is nothing to write; `modified` alone is no change."""
    return replace(old, modified="", created="") == replace(new, modified="", created="")


def freed(state: ResourceState, left: set[str], parent: str = "") -> ResourceState:
    """A state that refers only to `left`; `parent` is the one it gets if its own is not among these."""
    bare = links.redirected(state, lambda urn: urn if urn in left else "")
    return replace(bare, parent=state.parent if state.parent in left else parent)
