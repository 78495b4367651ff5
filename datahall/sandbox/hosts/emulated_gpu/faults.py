"""``emulated-gpu``: GPUs that fail, are mended, compute, idle, or are others (``have COUNT [MODEL]``)."""

import argparse
import subprocess
import sys
from dataclasses import replace

from .gpus import BUILT, KINDS, MAX, ROOT, Settings, built, changing, device_nodes, faults, gpus, keep, write
from .models import MODELS

_BUSY = 4242
"""The process that is said to compute; there is none."""


def fail(kind: str, index: int) -> None:
    """Let one GPU fail; a fault that a kernel would tell goes to the journal under the kernel's name."""
    wrong = faults()
    wrong[kind] = sorted({*wrong.get(kind, []), index})
    bus = next((gpu.bus_id for gpu in gpus() if gpu.index == index), "").rpartition(".")[0]
    write(wrong)
    if kind == "xid":
        message = f"NVRM: Xid (PCI:{bus}): 79, GPU has fallen off the bus. (EMULATED)"
        subprocess.run(["logger", "--tag", "kernel", "--priority", "kern.err", message], check=True)


def have(count: int, model: str) -> None:
    """Let these be the GPUs of the host, as if others had been put into it: nothing is set, nothing fails."""
    write({})
    with changing() as told:
        told.clear()
        keep(BUILT, {"count": count, "model": model})
        told.update({index: Settings() for index in range(count)})
    nodes()


def nodes() -> None:
    """A device node a GPU, now and at each boot; those of before go."""
    own = ROOT / "etc/tmpfiles.d/emulated-gpu.conf"
    own.parent.mkdir(parents=True, exist_ok=True)
    count, model = built()
    own.write_text(device_nodes(count, switched=bool(model.links)))
    for path in [*(ROOT / "dev").glob("nvidia[0-9]*"), *(ROOT / "dev").glob("nvidia-nvswitchctl")]:
        path.unlink()
    subprocess.run(["systemd-tmpfiles", f"--root={ROOT}", "--create", own.name], check=True)


def busy(indices: list[int], process: int) -> None:
    """Let a process compute on these, or none."""
    with changing() as told:
        for index in indices:
            told[index] = replace(told[index], busy=process)


def main() -> int:
    """Parse and do."""
    parser = argparse.ArgumentParser(prog="emulated-gpu", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    failing = commands.add_parser("fail")
    failing.add_argument("kind", choices=KINDS)
    for command in (failing, commands.add_parser("busy"), commands.add_parser("idle")):
        command.add_argument("--gpu", type=int, choices=range(built()[0]), default=0)
    for name in ("mend", "faults"):
        commands.add_parser(name)
    having = commands.add_parser("have")
    having.add_argument("count", type=int, choices=range(1, MAX + 1))
    having.add_argument("model", nargs="?", choices=MODELS, default="h100")
    args = parser.parse_args()
    if args.command == "fail":
        fail(args.kind, args.gpu)
    elif args.command == "mend":
        write({})
    elif args.command == "have":
        have(args.count, args.model)
    elif args.command in ("busy", "idle"):
        busy([args.gpu], _BUSY if args.command == "busy" else 0)
    for kind, indices in faults().items():
        print(f"{kind} on GPU {', '.join(map(str, indices))}: {KINDS[kind]} (EMULATED)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
