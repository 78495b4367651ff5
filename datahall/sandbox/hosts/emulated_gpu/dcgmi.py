"""The part of ``dcgmi`` that health checks ask for: discovery and a diagnostic of the first level."""

import sys

from .gpus import faults, gpus
from .release import WORKS


def main() -> int:
    """``dcgmi discovery -l`` and ``dcgmi diag -r 1``; exit code 226 when a check fails, as DCGM's own."""
    if not WORKS:
        print("Error: unable to establish a connection to the driver. (EMULATED)", file=sys.stderr)
        return 1
    match sys.argv[1:]:
        case ["discovery", "-l"]:
            print(f"{len(gpus())} GPUs found (EMULATED).")
            for gpu in gpus():
                print(f"{gpu.index}  {gpu.model.name}  {gpu.bus_id}")
            return 0
        case ["diag", "-r", "1"]:
            wrong = faults()
            print(f"Deployment (EMULATED): {'Fail' if wrong else 'Pass'}")
            for kind, indices in wrong.items():
                print(f"{kind}: GPU {', '.join(map(str, indices))}: Fail")
            return 226 if wrong else 0
    print("dcgmi (EMULATED): only 'discovery -l' and 'diag -r 1' are here", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
