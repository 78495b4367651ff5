"""``nv-fabricmanager``: joins the GPUs through their switches, where it is of the driver's own version."""

import signal
import sys

from .gpus import ROOT, built
from .release import DRIVER, WORKS

RUNNING = ROOT / "run/emulated-gpu/fabric"
"""The version of the fabric manager that runs."""


def state() -> str:
    """``fabric.state`` of a GPU."""
    try:
        return "Completed" if RUNNING.read_text() == DRIVER else "In Progress"
    except FileNotFoundError:
        return "Not Started"


def main() -> int:
    """``nv-fabricmanager VERSION``: run until it is told to end."""
    (version,) = sys.argv[1:]
    if not WORKS or not built()[1].links:
        print(
            "request to query NVSwitch device information from the driver failed (EMULATED)", file=sys.stderr
        )
        return 1
    if version != DRIVER:
        print(
            f"fabric manager NVIDIA GPU driver interface version {version} don't match with driver version "
            f"{DRIVER} (EMULATED)",
            file=sys.stderr,
        )
        return 1
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    RUNNING.parent.mkdir(parents=True, exist_ok=True)
    RUNNING.write_text(version)
    try:
        signal.sigwait(ends)
    finally:
        RUNNING.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
