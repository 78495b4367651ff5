"""Puts a state on disk: whole while it is small, else as a journal of changes, and whole again at the end.

While there is a journal the state beside it names the feature `datahall-journal`. An engine that does not
know it, the official one among them, refuses such a state by that name, and takes no old state for the new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from datahall.engine import journal
from datahall.engine.checkpoint import JOURNAL, sum_of
from datahall.engine.statefile import StateFile

WHOLE_BYTES = 128 * 1024  # a state of up to this size is written whole


class Render(Protocol):
    """Makes a state file's content of what is encoded already."""

    def __call__(self, *, resources: Sequence[str], pending: Sequence[str], features: Sequence[str]) -> bytes:
        """The content, with its checksum."""


@dataclass(frozen=True)
class Document:
    """A state: resources and pending operations as JSON, in order.

    `slots` number them by line of the journal; without it the state can only be written whole.
    """

    resources: list[str]
    pending: list[str]
    features: list[str]
    slots: Mapping[str, Sequence[int]] | None


class Recorder:
    """Writes one stack's state; not for several threads at a time. `writing` raises once it may not."""

    def __init__(
        self, state: StateFile, render: Render, writing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._state = state
        self._render = render
        self._writing = writing
        self._last_sum: str | None = None

    @property
    def journalling(self) -> bool:
        """Whether changes are enough: there is a journal to add them to."""
        return self._last_sum is not None

    def write(self, document: Document) -> None:
        """Write a state as it is now; if it is large, begin a journal with it. Raises StoreFailed."""
        with self._writing():
            self._write(document)

    def _write(self, document: Document) -> None:
        content = self._rendered(document, document.features)
        if document.slots is not None and self._state.appends and len(content) > WHOLE_BYTES:
            content = self._rendered(document, [*document.features, JOURNAL])
            first, self._last_sum = journal.first_line(sum_of(content), document.slots)
            self._state.write_journal(first)  # first: a state that names a journal has one
            self._state.write(content)
            return
        self._state.write(content)
        if self.journalling:
            self._state.delete_journal()
            self._last_sum = None

    def add(self, entries: Sequence[str]) -> None:
        """Write changes. Raises StoreFailed."""
        if self._last_sum is None:
            raise RuntimeError("no journal was begun")
        added, digest = journal.line(self._last_sum, journal.changes(entries))
        with self._writing():
            self._state.add_to_journal(added)
        self._last_sum = digest

    def _rendered(self, document: Document, features: Sequence[str]) -> bytes:
        return self._render(resources=document.resources, pending=document.pending, features=features)
