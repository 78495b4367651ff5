"""The embedded engine beside the SDK alone: the same program, with the SDK's own mocks.

The mocks answer each registration in the SDK's own process and do nothing else. A second row has them behind
a connection, as an engine of another process is. Whole processes, the interpreter's start included.
"""

import statistics
import sys
from collections.abc import Sequence

from benchmarks.engine.measure import Cost, load, run
from benchmarks.engine.stage import HERE, stage

COUNTS = (1000,)
_ROUNDS = 3


def main(counts: Sequence[int]) -> None:
    """Print a row for each number of resources and kind; the median of some rounds."""
    print(f"{'resources':>9}  {'what':22} {'wall s':>7} {'cpu s':>7} {'of the first, wall':>19} {'cpu':>6}")
    for count in counts:
        rounds = [_round(count) for _ in range(_ROUNDS)]
        first = None
        for name in rounds[0]:
            wall = statistics.median(each[name].wall for each in rounds)
            cpu = statistics.median(each[name].cpu for each in rounds)
            first = first or (wall, cpu)
            ratios = f"{wall / first[0]:19.2f} {cpu / first[1]:6.2f}"
            print(f"{count:9d}  {name:22} {wall:7.2f} {cpu:7.2f} {ratios}  ({load()})", flush=True)


def _round(count: int) -> dict[str, Cost]:
    with stage(count) as where:

        def alone(*arguments: str) -> Cost:
            command = [sys.executable, str(HERE / "sdk_alone.py"), "__main__.py", *arguments]
            return run(command, where.folder, where.environment)

        return {
            "SDK, its mocks": alone(),
            "SDK, a connection": alone("--connected"),
            "embedded, up": where.embedded("up"),
            "embedded, up again": where.embedded("up"),
        }
