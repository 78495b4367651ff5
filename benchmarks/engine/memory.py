"""The peak of memory of an update: the engine, the program in it, and the provider's process."""

from collections.abc import Sequence

from benchmarks.engine.measure import load
from benchmarks.engine.stage import stage

COUNTS = (10000,)


def main(counts: Sequence[int]) -> None:
    """Print a row for each number of resources and step."""
    print(f"{'resources':>9}  {'step':9} {'wall s':>7} {'peak MB':>8}")
    for count in counts:
        with stage(count) as where:
            for step in ("up", "up again", "destroy"):
                cost = where.embedded(step.partition(" ")[0], memory=True)
                print(f"{count:9d}  {step:9} {cost.wall:7.2f} {cost.peak_mb:8.0f}  ({load()})", flush=True)
