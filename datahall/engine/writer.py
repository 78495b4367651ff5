"""Writes the state in the background; all that is asked for during one write shares the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Writer:
    """Calls `save` in a thread of its own, never twice at a time."""

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._condition = threading.Condition()
        self._wanted = 0
        self._written = 0
        self._closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
        self._thread.start()

    def want(self) -> int:
        """Ask for a write of the state as it is now; returns a ticket."""
        with self._condition:
            self._wanted += 1
            self._condition.notify_all()
            return self._wanted

    def wait(self, ticket: int) -> None:
        """Return once that state is on disk. Raises what the write raised."""
        with self._condition:
            self._condition.wait_for(lambda: self._written >= ticket or self._error is not None)
            if self._error is not None:
                raise self._error

    def close(self) -> None:
        """Write what is still wanted and end. Raises what a write raised."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._closed or self._wanted > self._written)
                if self._wanted == self._written:
                    return
                covers = self._wanted
            try:
                self._save()
            except Exception as error:
                with self._condition:
                    self._error = error
                    self._condition.notify_all()
                return
            with self._condition:
                self._written = covers
                self._condition.notify_all()
