"""Benchmarks of the embedded engine: `python -m benchmarks.engine [official|mocks|growth|policies|memory]`.

All use a provider that does nothing and a backend in a folder. Compare what one run prints, not runs; each
row tells the machine's load.
"""

import argparse

from benchmarks.engine import growth, memory, mocks, official, policies

_KINDS = {
    "official": (official.main, official.COUNTS),
    "mocks": (mocks.main, mocks.COUNTS),
    "growth": (growth.main, growth.COUNTS),
    "policies": (policies.main, policies.COUNTS),
    "memory": (memory.main, memory.COUNTS),
}


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="?", choices=_KINDS, default="official")
    parser.add_argument("--resources", type=int, nargs="+", help="numbers of resources")
    given = parser.parse_args()
    run, counts = _KINDS[given.kind]
    run(given.resources or counts)


if __name__ == "__main__":
    main()
