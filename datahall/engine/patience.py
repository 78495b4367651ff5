"""How long plugins are waited for: questions have an end, work has none and is told of."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from datahall.engine.errors import InvalidProject
from datahall.engine.options import Options

VARIABLE = "DATAHALL_ANSWER_SECONDS"
DEFAULT_SECONDS = 600.0


def answer_seconds(options: Options) -> float | None:
    """What `options`, or else the environment, says; None for without end. Raises InvalidProject."""
    seconds = options.answer_seconds
    if seconds is None:
        given = {**os.environ, **options.environment}.get(VARIABLE) or str(DEFAULT_SECONDS)
        try:
            seconds = float(given)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds < math.inf:
            raise InvalidProject(f"{VARIABLE}: {given}: must be seconds, 0 for without end; correct it")
    return seconds or None


def unanswered(method: str, patience: Patience) -> str:
    """What is said of one that did not answer."""
    return (
        f"did not answer {method} within {patience.seconds:g} s; see what it waits for, "
        f"or give it more time by {VARIABLE} (0: without end)"
    )


@dataclass
class _Call:
    what: str
    began: float
    tell_at: float


class Patience:
    """The patience of one run. `seconds` for a question; when they have gone by, `warn` hears of work."""

    def __init__(
        self, seconds: float | None = DEFAULT_SECONDS, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        self.seconds, self._warn = seconds, warn
        self._calls: dict[int, _Call] = {}
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """A call that may last as long as it must."""
        if self.seconds is None:
            yield
            return
        began = time.monotonic()
        call = _Call(what, began, began + self.seconds)
        with self._changed:
            self._calls[id(call)] = call
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._watcher.start()
        try:
            yield
        finally:
            with self._changed:
                del self._calls[id(call)]

    def close(self) -> None:
        """Nobody is waited for any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        every = self.seconds or DEFAULT_SECONDS  # calls that begin meanwhile are due later than that
        while True:
            with self._changed:
                now = time.monotonic()
                due = min((call.tell_at for call in self._calls.values()), default=now + every)
                self._changed.wait(due - now)
                if self._closed:
                    return
                now = time.monotonic()
                late = [call for call in self._calls.values() if call.tell_at <= now]
                for call in late:
                    call.tell_at = now + every
            for call in late:
                self._warn(f"still waiting for {call.what}, for {now - call.began:.0f} s")
