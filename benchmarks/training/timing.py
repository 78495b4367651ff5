"""Two ways to do the same, timed in turn."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of this process's processor time."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Pair:
    """What both took, in a unit such as seconds or records a second; medians."""

    what: str
    unit: str
    ours: Took
    theirs: Took
    per: float = 0.0
    """How many were done in those seconds; 0: the seconds themselves are told."""

    def row(self) -> str:
        """One line of the table."""
        cells = [self.what[:44].ljust(44), self.unit.ljust(10)]
        for ours, theirs in ((self.ours.wall, self.theirs.wall), (self.ours.cpu, self.theirs.cpu)):
            told = (self.per / ours, self.per / theirs) if self.per else (ours, theirs)
            cells += [f"{told[0]:9.3f}" if told[0] < 100 else f"{told[0]:9,.0f}"]
            cells += [f"{told[1]:9.3f}" if told[1] < 100 else f"{told[1]:9,.0f}"]
            cells += [f"{theirs / ours:6.2f}"]
        return " ".join(cells)


def timed(once: Callable[[], object]) -> Took:
    """How long one call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    once()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def median(took: Sequence[Took]) -> Took:
    """Of each, the clock's and the processor's, its own."""
    return Took(statistics.median(one.wall for one in took), statistics.median(one.cpu for one in took))


def in_turn(
    what: str,
    unit: str,
    rounds: int,
    *,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    per: float = 0.0,
) -> Pair:
    """Both, one after the other, `rounds` times."""
    took = [(timed(ours), timed(theirs)) for _ in range(rounds)]
    mine, other = (median([one[at] for one in took]) for at in (0, 1))
    return Pair(what, unit, mine, other, per)
