"""``emulated-gpu fail KIND [--gpu N]``, ``emulated-gpu mend``, ``emulated-gpu faults``."""

import argparse
import subprocess
import sys

from .gpus import COUNT, KINDS, Gpu, faults, write


def fail(kind: str, index: int) -> None:
    """Let one GPU fail; a fault that a kernel would tell goes to the journal under the kernel's name."""
    wrong = faults()
    wrong[kind] = sorted({*wrong.get(kind, []), index})
    write(wrong)
    if kind == "xid":
        bus = Gpu(index).bus_id.rpartition(".")[0]
        message = f"NVRM: Xid (PCI:{bus}): 79, GPU has fallen off the bus. (EMULATED)"
        subprocess.run(["logger", "--tag", "kernel", "--priority", "kern.err", message], check=True)


def main() -> int:
    """Parse and do."""
    parser = argparse.ArgumentParser(prog="emulated-gpu", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    failing = commands.add_parser("fail")
    failing.add_argument("kind", choices=KINDS)
    failing.add_argument("--gpu", type=int, default=0, choices=range(COUNT))
    commands.add_parser("mend")
    commands.add_parser("faults")
    args = parser.parse_args()
    if args.command == "fail":
        fail(args.kind, args.gpu)
    elif args.command == "mend":
        write({})
    for kind, indices in faults().items():
        print(f"{kind} on GPU {', '.join(map(str, indices))}: {KINDS[kind]} (EMULATED)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
