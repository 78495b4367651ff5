"""Benchmarks of the embedded engine: `python -m benchmarks.engine KIND`.

All have a backend in a folder, and all but `local` use a provider that does nothing. Compare what one run
prints, not runs; each row tells the machine's load.
"""

import argparse

from benchmarks.engine import growth, local, memory, mocks, official, policies

_KINDS = {
    "official": (official.main, official.COUNTS),
    "local": (local.main, local.COUNTS),
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
    parser.add_argument(
        "--resources", type=int, nargs="+", help="numbers of resources; for `local`: of rounds"
    )
    given = parser.parse_args()
    run, counts = _KINDS[given.kind]
    run(given.resources or counts)


if __name__ == "__main__":
    main()
