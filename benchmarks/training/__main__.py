"""Benchmarks of the workloads: `python -m benchmarks.training [KIND ...] [--rounds 3]`.

Ours and what people would use instead, in turn in one process, on the same data, one thread each. On a
machine that does other work the processor's seconds say more than the clock's; both are printed. Ratios
are theirs / ours, so above 1 ours is quicker.
"""

import argparse
import os
from collections.abc import Callable

import torch

from benchmarks.training import checkpoint, ddp, lm, loader, mnist, private, sentiment
from benchmarks.training.timing import Pair

_KINDS: dict[str, Callable[[int], list[Pair]]] = {
    "mnist": mnist.run,
    "lm": lm.run,
    "loader": loader.run,
    "checkpoint": checkpoint.run,
    "private": private.run,
    "ddp": ddp.run,
    "sentiment": sentiment.run,  # last: it needs what datahall does not
}


def main() -> None:
    """Run one of the benchmarks, or all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="*", help=f"of {', '.join(_KINDS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    columns = f"{'ours':>9} {'theirs':>9} {'ratio':>6}"
    print(f"{'what':44} {'unit':10} {columns} {columns} (by the processor)")
    for kind in given.kind or _KINDS:
        for pair in _KINDS[kind](given.rounds):
            print(pair.row(), flush=True)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, torch {torch.__version__}")


if __name__ == "__main__":
    main()
