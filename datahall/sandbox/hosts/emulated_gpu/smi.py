"""The part of ``nvidia-smi`` that the roles, Slurm and people ask for; every answer says EMULATED.

Refuses what it does not know, as the real one does, rather than answer nothing. Exit codes are NVML's.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from . import mig
from .fabric import state as fabric_state
from .gpus import MAX, NEEDS_A_BOOT, NEEDS_ANOTHER_GPU, Gpu, built, faults, gpus, write
from .release import DRIVER, WORKS
from .setting import NO_PERMISSION, NOT_FOUND, REFUSED, change, forget

_ON = {True: "Enabled", False: "Disabled"}


def _mig(gpu: Gpu) -> str:
    return _ON[gpu.settings.mig] if gpu.model.profiles else "[N/A]"


# field of --query-gpu -> value and unit
_FIELDS: dict[str, tuple[Callable[[Gpu], str], str]] = {
    "clocks.current.graphics": (lambda gpu: str(gpu.clock), "MHz"),
    "clocks.max.graphics": (lambda gpu: str(gpu.model.clock_max), "MHz"),
    "count": (lambda _: str(built()[0]), ""),
    "driver_version": (lambda _: DRIVER, ""),
    "ecc.errors.uncorrected.volatile.total": (lambda gpu: str(gpu.ecc_uncorrected), ""),
    "ecc.mode.current": (lambda _: "Enabled", ""),
    "fabric.state": (lambda gpu: fabric_state() if gpu.model.links else "[N/A]", ""),
    "index": (lambda gpu: str(gpu.index), ""),
    "memory.total": (lambda gpu: str(gpu.model.memory), "MiB"),
    "memory.used": (lambda gpu: str(gpu.memory_used), "MiB"),
    "mig.mode.current": (_mig, ""),
    "mig.mode.pending": (_mig, ""),
    "name": (lambda gpu: gpu.model.name, ""),
    "pci.bus_id": (lambda gpu: gpu.bus_id, ""),
    "persistence_mode": (lambda gpu: _ON[gpu.settings.persistence], ""),
    "power.default_limit": (lambda gpu: f"{gpu.model.power_default:.2f}", "W"),
    "power.draw": (lambda gpu: f"{gpu.power:.2f}", "W"),
    "power.limit": (lambda gpu: f"{gpu.power_limit:.2f}", "W"),
    "power.max_limit": (lambda gpu: f"{gpu.model.power_max:.2f}", "W"),
    "power.min_limit": (lambda gpu: f"{gpu.model.power_min:.2f}", "W"),
    "temperature.gpu": (lambda gpu: str(gpu.temperature), ""),
    "utilization.gpu": (lambda gpu: "100" if gpu.settings.busy else "0", "%"),
    "uuid": (lambda gpu: gpu.uuid, ""),
}
_ALSO = {"clocks.gr": "clocks.current.graphics", "clocks.max.gr": "clocks.max.graphics", "gpu_uuid": "uuid"}
# field of --query-compute-apps -> value and unit
_APPS: dict[str, tuple[Callable[[Gpu], str], str]] = {
    "gpu_uuid": (lambda gpu: gpu.uuid, ""),
    "pid": (lambda gpu: str(gpu.settings.busy), ""),
    "process_name": (lambda _: "emulated", ""),
    "used_gpu_memory": (lambda gpu: str(gpu.memory_used), "MiB"),
}
_FORMATS = {"csv", "noheader", "nounits"}


def query(
    asked: str, style: str | None, known: dict[str, tuple[Callable[[Gpu], str], str]], chosen: Sequence[Gpu]
) -> int:
    """Print CSV lines as ``--query-gpu`` does; 2 for a field or a format that is not known."""
    names = [_ALSO.get(name, name) if known is _FIELDS else name for name in asked.split(",")]
    formats = set((style or "").split(","))
    if unknown := [name for name in names if name not in known]:
        print(f'Field "{unknown[0]}" is not a valid field to query (EMULATED).', file=sys.stderr)
        return REFUSED
    if "csv" not in formats or formats - _FORMATS:
        print(f'Format "{style or ""}" is not csv[,noheader][,nounits] (EMULATED).', file=sys.stderr)
        return REFUSED
    columns = [known[name] for name in names]
    if "noheader" not in formats:
        print(
            ", ".join(
                name + (f" [{unit}]" if unit else "") for name, (_, unit) in zip(names, columns, strict=True)
            )
        )
    for gpu in chosen:
        print(
            ", ".join(
                value(gpu) + (f" {unit}" if unit and "nounits" not in formats else "")
                for value, unit in columns
            )
        )
    return 0


def table(chosen: Sequence[Gpu]) -> list[str]:
    """What a person sees who asks for nothing in particular."""
    lines = [f"NVIDIA-SMI {DRIVER}   EMULATED: there is no GPU in this host", ""]
    return [*lines, *(_row(gpu) for gpu in chosen)]


def _row(gpu: Gpu) -> str:
    slow = "  slowed down" if gpu.slowdown else ""
    used = f"{gpu.memory_used} / {gpu.model.memory} MiB"
    power = f"{gpu.power:.0f} / {gpu.power_limit:.0f} W"
    return f"{gpu.index}  {gpu.model.name}  {gpu.bus_id}  {gpu.temperature} C  {power}  {used}{slow}"


def devices(chosen: Sequence[Gpu]) -> list[str]:
    """``--list-gpus``: the GPUs, and the MIG devices on each."""
    lines = []
    for gpu in chosen:
        lines.append(f"GPU {gpu.index}: {gpu.model.name} (UUID: {gpu.uuid})")
        made = [each for each in gpu.settings.instances if each.compute]
        for number, each in enumerate(made):
            uuid = f"MIG-00000000-0000-0000-{gpu.index:04d}-{each.number:012d}"
            lines.append(f"  MIG {each.profile:12} Device {number:2}: (UUID: {uuid})")
    return lines


def links(chosen: Sequence[Gpu]) -> list[str]:
    """``nvidia-smi nvlink --status``: 18 links of 26.562 GB/s each on an H100."""
    lines = []
    for gpu in chosen:
        lines.append(f"GPU {gpu.index}: {gpu.model.name} (UUID: {gpu.uuid})")
        for link in range(gpu.model.links):
            lines.append(f"\t Link {link}: {'26.562 GB/s' if link < gpu.links_up else '<inactive>'}")
    return lines


def reset(indices: Sequence[int]) -> int:
    """``--gpu-reset``: clears what a reset clears; 3 where a GPU's fault does not let it be reset."""
    wrong = faults()
    for index in indices:
        if kinds := sorted(kind for kind in NEEDS_A_BOOT if index in wrong.get(kind, [])):
            print(f"GPU {index} could not be reset: {', '.join(kinds)} (EMULATED)", file=sys.stderr)
            return 3
    stays = NEEDS_ANOTHER_GPU | NEEDS_A_BOOT
    write(
        {
            kind: [index for index in found if kind in stays or index not in indices]
            for kind, found in wrong.items()
        }
    )
    forget(indices)
    for gpu in gpus():
        if gpu.index in indices:
            print(f"GPU {gpu.bus_id} was successfully reset. (EMULATED)")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nvidia-smi", description="EMULATED nvidia-smi", allow_abbrev=False)
    parser.add_argument("-i", "--id", help="indices, as 0,1")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-L", "--list-gpus", action="store_true")
    what.add_argument("--query-gpu")
    what.add_argument("--query-compute-apps")
    what.add_argument("-pm", "--persistence-mode", choices=["0", "1"])
    what.add_argument("-pl", "--power-limit")
    what.add_argument("-lgc", "--lock-gpu-clocks")
    what.add_argument("-rgc", "--reset-gpu-clocks", action="store_true", default=None)
    what.add_argument("-mig", "--multi-instance-gpu", choices=["0", "1"])
    what.add_argument("-r", "--gpu-reset", action="store_true")
    parser.add_argument("--format")
    commands = parser.add_subparsers(dest="command")
    nvlink = commands.add_parser("nvlink", allow_abbrev=False)
    nvlink.add_argument("-s", "--status", action="store_true", required=True)
    mig.add_arguments(commands.add_parser("mig", allow_abbrev=False))
    return parser


def main() -> int:
    """Parse and answer."""
    args = _parser().parse_args()
    if not WORKS:
        print("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. (EMULATED)")
        return 9
    if "hang" in faults():
        time.sleep(3600)
    indices = (
        list(range(MAX)) if args.id is None else [int(part) for part in args.id.split(",") if part.isdigit()]
    )
    chosen = [gpu for gpu in gpus() if gpu.index in indices]
    if not chosen or (args.id is not None and len(chosen) != len(args.id.split(","))):
        print("No devices were found (EMULATED)")
        return NOT_FOUND
    try:
        return _do(args, chosen)
    except PermissionError:
        print("Insufficient Permissions: only root may change it (EMULATED)", file=sys.stderr)
        return NO_PERMISSION


def _do(args: argparse.Namespace, chosen: Sequence[Gpu]) -> int:
    if args.format is not None and not (args.query_gpu or args.query_compute_apps):
        print("--format is for --query-gpu and --query-compute-apps (EMULATED)", file=sys.stderr)
        return REFUSED
    if args.command == "mig":
        return mig.main(args, [gpu.index for gpu in chosen])
    if args.gpu_reset:
        return reset([gpu.index for gpu in chosen])
    if asked := args.query_gpu or args.query_compute_apps:
        known = _FIELDS if args.query_gpu else _APPS
        shown = [gpu for gpu in chosen if args.query_gpu or gpu.settings.busy]
        return query(asked, args.format, known, shown)
    if (code := change(vars(args), chosen)) is not None:
        return code
    show = links if args.command == "nvlink" else devices if args.list_gpus else table
    print("\n".join(show(chosen)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
