"""The part of ``nvidia-smi`` that the roles, Slurm and people ask for; every answer says EMULATED.

Refuses what it does not know, as the real one does, rather than answer nothing.
"""

import argparse
import sys
import time
from collections.abc import Callable

from .gpus import COUNT, MODEL, NEEDS_A_BOOT, NEEDS_ANOTHER_GPU, Gpu, faults, gpus, write
from .release import DRIVER, WORKS

# field of --query-gpu -> value and unit
_FIELDS: dict[str, Callable[[Gpu], tuple[str, str]]] = {
    "count": lambda gpu: (str(COUNT), ""),
    "driver_version": lambda gpu: (DRIVER, ""),
    "ecc.errors.uncorrected.volatile.total": lambda gpu: (str(gpu.ecc_uncorrected), ""),
    "ecc.mode.current": lambda gpu: ("Enabled", ""),
    "index": lambda gpu: (str(gpu.index), ""),
    "memory.total": lambda gpu: (str(gpu.memory_total), " MiB"),
    "memory.used": lambda gpu: (str(gpu.memory_used), " MiB"),
    "name": lambda gpu: (MODEL, ""),
    "pci.bus_id": lambda gpu: (gpu.bus_id, ""),
    "persistence_mode": lambda gpu: ("Enabled", ""),
    "power.draw": lambda gpu: (f"{gpu.power:.2f}", " W"),
    "temperature.gpu": lambda gpu: (str(gpu.temperature), ""),
    "uuid": lambda gpu: (gpu.uuid, ""),
}


def query(fields: list[str], formats: list[str]) -> list[str]:
    """CSV lines as ``--query-gpu`` prints them.

    Raises:
        KeyError: a field that this emulation does not have.
    """
    columns = [_FIELDS[field] for field in fields]
    lines = [] if "noheader" in formats else [", ".join(fields)]
    for gpu in gpus():
        values = [column(gpu) for column in columns]
        lines.append(", ".join(value + ("" if "nounits" in formats else unit) for value, unit in values))
    return lines


def table() -> list[str]:
    """What a person sees who asks for nothing in particular."""
    lines = [f"NVIDIA-SMI {DRIVER}   EMULATED: there is no GPU in this host", ""]
    return [*lines, *(_row(gpu) for gpu in gpus())]


def _row(gpu: Gpu) -> str:
    slow = "  slowed down" if gpu.slowdown else ""
    used = f"{gpu.memory_used} / {gpu.memory_total} MiB"
    return f"{gpu.index}  {MODEL}  {gpu.bus_id}  {gpu.temperature} C  {gpu.power:.0f} W  {used}{slow}"


def links() -> list[str]:
    """``nvidia-smi nvlink --status``: 18 links of 26.562 GB/s each on an H100."""
    lines = []
    for gpu in gpus():
        lines.append(f"GPU {gpu.index}: {MODEL} (UUID: {gpu.uuid})")
        for link in range(18):
            lines.append(f"\t Link {link}: {'26.562 GB/s' if link < gpu.links_up else '<inactive>'}")
    return lines


def reset(indices: list[int]) -> int:
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
    for index in indices:
        print(f"GPU {Gpu(index).bus_id} was successfully reset. (EMULATED)")
    return 0


def main() -> int:
    """Parse and answer."""
    parser = argparse.ArgumentParser(prog="nvidia-smi", description="EMULATED nvidia-smi")
    parser.add_argument("-L", "--list-gpus", action="store_true")
    parser.add_argument("--query-gpu")
    parser.add_argument("--format", default="csv")
    parser.add_argument("-pm", "--persistence-mode", choices=["0", "1"])
    parser.add_argument("-r", "--gpu-reset", action="store_true")
    parser.add_argument("-i", "--id", type=int, choices=range(COUNT))
    nvlink = parser.add_subparsers(dest="command").add_parser("nvlink")
    nvlink.add_argument("-s", "--status", action="store_true", required=True)
    args = parser.parse_args()
    if not WORKS:
        print("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. (EMULATED)")
        return 9
    if "hang" in faults():
        time.sleep(3600)
    if args.gpu_reset:
        return reset(list(range(COUNT)) if args.id is None else [args.id])
    if args.command == "nvlink":
        lines = links()
    elif args.list_gpus:
        lines = [f"GPU {gpu.index}: {MODEL} (UUID: {gpu.uuid})" for gpu in gpus()]
    elif args.query_gpu:
        fields = args.query_gpu.split(",")
        if unknown := [field for field in fields if field not in _FIELDS]:
            print(f'Field "{unknown[0]}" is not a valid field to query (EMULATED).', file=sys.stderr)
            return 2
        lines = query(fields, args.format.split(","))
    else:
        lines = table()
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
