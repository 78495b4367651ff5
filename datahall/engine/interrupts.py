"""Interrupts (SIGINT, SIGTERM) while an operation runs.

The first lets the steps under way come to their end and begins no other; plugins are told (Cancel). The
second ends the plugins, so that no call is waited for: what it was doing is settled by the next run. What
goes on all the same is given a moment, then the process ends, the state written.

Python runs its signal handlers in the main thread, and only between two of its instructions: never, while
that thread waits for something that does not come. So the number of each signal goes to a pipe, where a
thread of its own takes it.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
EXIT_CODE = 130
GRACE_SECONDS = 3.0  # to unwind once the plugins are ended
LAST_SECONDS = 5.0  # to write the state when that did not help; it may be that the disk hangs

FIRST, SECOND, LAST = 1, 2, 3
_OVER = b"\0"  # no signal has that number
_Action = Callable[[], None]


class Interrupts:
    """What to do at the first interrupt, at the second, and when even that does not end the operation.

    Only the main thread can be interrupted; an operation in another thread is not.
    """

    def __init__(self) -> None:
        self._actions: dict[int, list[_Action]] = {FIRST: [], SECOND: [], LAST: []}
        self._lock = threading.Lock()
        self._raising = False
        self.count = 0

    def at(self, stage: int, action: _Action) -> None:
        """Call `action` at that stage, in a thread of its own; at once if it has come already."""
        with self._lock:
            self._actions[stage].append(action)
            late = self.count >= stage
        if late:
            _begin(action)

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Interrupts are handled so inside; afterwards as before.

        Raises KeyboardInterrupt at the end if there was one and all the same nothing was raised: it came
        too late to stop anything, but what is to follow must not begin.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        watch = threading.Thread(target=self._watch, args=(reading,), name="interrupts", daemon=True)
        watch.start()
        wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)
            os.write(writing, _OVER)
            watch.join()
            os.close(writing)
            os.close(reading)
        if self.count:
            raise KeyboardInterrupt

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Code of the user's runs inside: an interrupt raises KeyboardInterrupt in it."""
        self._raising = threading.current_thread() is threading.main_thread()
        try:
            yield
        finally:
            self._raising = False

    def calm(self) -> None:
        """The user's code is at its end, though it may wait: an interrupt raises nothing in it any more."""
        self._raising = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Raise in the user's code; in the event loop's own, an exception would lose the task it wakes."""
        if frame is None or not frame.f_globals.get("__name__", "").startswith("asyncio."):
            self._raise()
            return
        try:
            asyncio.get_running_loop().call_soon_threadsafe(self._raise)
        except RuntimeError:  # no loop runs
            self._raise()

    def _raise(self) -> None:
        if self._raising:
            raise KeyboardInterrupt

    def _watch(self, reading: int) -> None:
        """Take signals until the operation is over; after the second, no longer than the grace."""
        while True:
            grace = GRACE_SECONDS if self.count >= SECOND else None
            if not select.select([reading], [], [], grace)[0]:
                self._end()
            for number in os.read(reading, 64):
                if number == ord(_OVER):
                    return
                if number in SIGNALS and self.count < SECOND:
                    self._advance()

    def _advance(self) -> None:
        with self._lock:
            self.count += 1
            actions = list(self._actions[self.count])
        for action in actions:  # none waits for another: any may hang
            _begin(action)

    def _end(self) -> None:
        """The process ends here. Each action gets its time; the state on disk is whole without them."""
        with suppress(BaseException):
            for action in self._actions[LAST]:
                _begin(action).join(LAST_SECONDS)
        os._exit(EXIT_CODE)


def _begin(action: _Action) -> threading.Thread:
    thread = threading.Thread(target=action, name="interrupt", daemon=True)
    thread.start()
    return thread
