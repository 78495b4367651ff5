"""Hands events to whoever listens, one at a time, and counts steps."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

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


class EventLog:
    """Events in order. Steps are counted when they are done; a replacement counts once.

    `mask` hides the secrets of the configuration, once that is known.
    """

    def __init__(self, listener: Callable[[Event], None] | None) -> None:
        self.mask = Mask()
        self._listener = listener
        self._lock = threading.Lock()
        self._counts: Counter[Op] = Counter()
        self._policy: list[PolicyResult] = []

    def emit(self, event: Event, *, counted: bool = True) -> None:
        """Deliver an event; a step that is not `counted` is told only."""
        if isinstance(event, PolicyResult):
            event = self.mask.hidden(event)
        elif isinstance(event, Diagnostic | ResourceFailed):
            event = replace(event, message=self.mask(event.message))
        with self._lock:
            if isinstance(event, ResourceDone) and counted:
                self._counts[REPLACING.get(event.op, event.op)] += 1
            if isinstance(event, PolicyResult):
                self._policy.append(event)
            if self._listener is not None:
                self._listener(event)

    def say(self, severity: Severity, message: str, urn: str | None = None) -> None:
        """Deliver a diagnostic."""
        self.emit(Diagnostic(severity, message, urn))

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
