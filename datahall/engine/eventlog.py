"""Hands events to whoever listens, one at a time, and counts steps."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from datahall.engine.events import (
    REPLACING,
    UNCHANGED,
    Diagnostic,
    Event,
    Op,
    PolicyResult,
    ResourceDone,
    ResourceFailed,
    Severity,
)
from datahall.engine.masking import Mask

_RECORDED: Final[Mapping[Op, str]] = {Op.REFRESH: "update"}  # op -> its word in a history
_EXTERNAL: Final[Mapping[Op, str]] = {**_RECORDED, Op.DELETE: "discard"}  # of what was only read


class EventLog:
    """Events in order. Steps are counted when they are done; a replacement counts once.

    `mask` hides the secrets of the configuration, once that is known.
    """

    def __init__(self, listener: Callable[[Event], None] | None) -> None:
        self.mask = Mask()
        self._listener = listener
        self._lock = threading.Lock()
        self._counts: Counter[Op] = Counter()
        self._in_history: Counter[str] = Counter()
        self._policy: list[PolicyResult] = []

    def emit(self, event: Event, *, counted: bool = True) -> None:
        """Deliver an event; a step that is not `counted` is told only."""
        if isinstance(event, PolicyResult):
            event = self.mask.hidden(event)
        elif isinstance(event, Diagnostic | ResourceFailed):
            event = replace(event, message=self.mask(event.message))
        with self._lock:
            if isinstance(event, ResourceDone) and counted:
                self._count(event)
            if isinstance(event, PolicyResult):
                self._policy.append(event)
            if self._listener is not None:
                self._listener(event)

    def say(self, severity: Severity, message: str, urn: str | None = None) -> None:
        """Deliver a diagnostic."""
        self.emit(Diagnostic(severity, message, urn))

    def left_out(self) -> None:
        """Count a creation that targets leave out: as with the official engine, it stays as it is."""
        with self._lock:
            self._counts[Op.SAME] += 1
            self._in_history[Op.SAME] += 1

    def _count(self, event: ResourceDone) -> None:
        op = REPLACING.get(event.op, event.op)
        self._counts[op] += 1
        if op is not Op.DELETE_REPLACED:
            external = event.old is not None and event.old.external
            self._in_history[_EXTERNAL.get(op, str(op)) if external else _RECORDED.get(op, str(op))] += 1

    @property
    def in_history(self) -> dict[str, int]:
        """Steps done, in the words of the official engine's history."""
        with self._lock:
            return dict(self._in_history)

    @property
    def counts(self) -> dict[Op, int]:
        """Steps done, by kind."""
        with self._lock:
            return {op: count for op, count in self._counts.items() if op is not Op.DELETE_REPLACED}

    @property
    def policy(self) -> list[PolicyResult]:
        """What policies found."""
        with self._lock:
            return list(self._policy)

    @property
    def changed(self) -> bool:
        """Whether any step changed something."""
        with self._lock:
            return any(op not in UNCHANGED for op in self._counts)
