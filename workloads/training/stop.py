"""SIGTERM as a wish: finish the step, save, leave."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOPPED = 75
"""An exit code that says: not done, start it again (sysexits' EX_TEMPFAIL)."""


@dataclass
class Stop:
    """Whether this process was asked to stop."""

    asked: bool = False


@contextmanager
def on_sigterm() -> Iterator[Stop]:
    """A Stop that SIGTERM sets, until the block ends."""
    stop = Stop()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.asked = True

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
