"""The embedded engine beside itself: what a resource costs among few and among many."""

from collections.abc import Sequence

from benchmarks.engine.measure import Cost, load
from benchmarks.engine.stage import stage

COUNTS = (100, 1000, 10000)
_STEPS = ("up", "up again", "destroy")


def main(counts: Sequence[int]) -> None:
    """Print a row for each step and number of resources; what an empty program costs is taken off."""
    with stage(0) as empty:
        bare = {step: empty.embedded(step.partition(" ")[0]) for step in _STEPS}
    print(f"{'step':9} {'resources':>9} {'wall s':>7}  each: {'wall ms':>7} {'cpu ms':>7} {'kB written':>10}")
    for count in counts:
        with stage(count) as where:
            for step in _STEPS:
                cost = where.embedded(step.partition(" ")[0])
                wall, cpu, written = _each(cost, bare[step], count)
                told = f"{wall:13.2f} {cpu:7.2f} {written:10.1f}"
                print(f"{step:9} {count:9d} {cost.wall:7.2f} {told}  ({load()})", flush=True)


def _each(cost: Cost, bare: Cost, count: int) -> tuple[float, float, float]:
    per = 1000 / count
    return (
        (cost.wall - bare.wall) * per,
        (cost.cpu - bare.cpu) * per,
        (cost.written_mb - bare.written_mb) * per,
    )
