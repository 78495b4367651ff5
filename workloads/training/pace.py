"""How fast a run is, how far, and how long it will take."""

import time
from dataclasses import dataclass, field

from workloads.training.cost import Cost

_EVERY_S = 2.0


@dataclass
class Pace:
    """Counts records from when this process began; tells no more often than every two seconds."""

    steps: int
    """Steps of the whole run."""
    records_per_step: int
    units_per_record: int
    first: int
    """The step at which this process began."""
    cost: Cost
    _began: float = field(default_factory=time.perf_counter)
    _told: float = field(default_factory=time.perf_counter)

    def due(self) -> bool:
        """Whether it is time to tell again."""
        return time.perf_counter() - self._told >= _EVERY_S

    def measure(self, step: int) -> dict[str, float]:
        """units_per_s since this process began, seconds_left at that pace, and what it costs."""
        self._told = time.perf_counter()
        seconds = max(self._told - self._began, 1e-9)
        done = step - self.first
        return {
            "units_per_s": round(done * self.records_per_step * self.units_per_record / seconds, 1),
            "seconds_left": round((self.steps - step) * seconds / done, 1) if done else 0.0,
            **self.cost.measure(done),
        }
