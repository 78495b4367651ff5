"""Interrupts (SIGINT, SIGTERM) while an operation runs.

The first lets the steps under way come to their end and begins no other; providers are told (Cancel). The
second ends the plugins, so that no call is waited for: what it was doing is settled by the next run. A
program that goes on all the same is given a few seconds, then the process ends, the state written.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
EXIT_CODE = 130
GRACE_SECONDS = 5.0


class Interrupts:
    """What to do at the first interrupt, at the second, and when even that does not end the operation.

    Only the main thread can be interrupted; an operation in another thread is not.
    """

    def __init__(
        self, first: Callable[[], None], second: Callable[[], None], last: Callable[[], None]
    ) -> None:
        self._actions = (first, second)
        self._last = last
        self._raising = False
        self._over = threading.Event()
        self.count = 0

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Interrupts are handled so inside; afterwards as before."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            self._over.set()
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Code of the user's runs inside: an interrupt raises KeyboardInterrupt in it."""
        self._raising = threading.current_thread() is threading.main_thread()
        try:
            yield
        finally:
            self._raising = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count <= len(self._actions):
            # In a thread: the handler came in between any two instructions, with any lock held.
            threading.Thread(target=self._act, args=(self.count,), name="interrupt", daemon=True).start()
        if self._raising:
            raise KeyboardInterrupt

    def _act(self, count: int) -> None:
        self._actions[count - 1]()
        if count == len(self._actions) and not self._over.wait(GRACE_SECONDS):
            try:
                self._last()
            finally:
                os._exit(EXIT_CODE)
