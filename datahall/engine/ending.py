"""The end of a run: begun by the program, which waits for it and answers hooks meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Ending:
    """What is done when the program has said all that it wants. It is done once.

    A program signals and waits; one that ended without a signal is followed by `complete`.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self.begun = False

    def signalled(self) -> None:
        """Do it, unless it is done; returns when it is over, whatever came of it."""
        with self._lock:
            if self.begun:
                return
            self.begun = True
            try:
                self._work()
            except BaseException as error:  # `complete` raises it, where the run is
                self._error = error

    def complete(self) -> None:
        """Do it, unless it is done. Raises what it raised, then or now."""
        self.signalled()
        if self._error is not None:
            raise self._error
