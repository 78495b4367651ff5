"""The eight emulated GPUs of a host and what is wrong with them, as data."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

COUNT = 8
MODEL = "NVIDIA H100 80GB HBM3 (EMULATED)"
# What a boot mends lies where a boot clears it; what only another GPU mends lies on the disk.
PASSING = Path("/run/emulated-gpu/faults.json")
LASTING = Path("/var/lib/emulated-gpu/faults.json")

# kind -> what it does, as the data-centre tools would show it
KINDS = {
    "ecc": "an uncorrectable ECC error is counted",
    "hang": "nvidia-smi does not answer",
    "link": "one NVLink is down",
    "lost": "the GPU is gone from the list",
    "thermal": "the GPU is at 96 C and slowed down",
    "xid": "Xid 79 is in the kernel's log: the GPU has fallen off the bus",
}

NEEDS_ANOTHER_GPU = frozenset({"lost", "thermal"})
# A GPU that has one of these cannot be reset.
NEEDS_A_BOOT = frozenset({"hang", "lost", "xid"})


@dataclass(frozen=True)
class Gpu:
    """One GPU as a query sees it: temperature in C, power in W, memory in MiB."""

    index: int
    temperature: int = 34
    ecc_uncorrected: int = 0
    links_up: int = 18
    slowdown: bool = False
    power: float = 70.0
    memory_total: int = 81559
    memory_used: int = 0

    @property
    def bus_id(self) -> str:
        """PCI address."""
        return f"00000000:{0x1B + self.index * 0x10:02X}:00.0"

    @property
    def uuid(self) -> str:
        """Same on every call."""
        return f"GPU-00000000-0000-0000-0000-{self.index:012d}"


def faults() -> dict[str, list[int]]:
    """Kind of fault -> the GPUs that have it."""
    return {kind: found for file in (PASSING, LASTING) for kind, found in _read(file).items()}


def write(wrong: dict[str, list[int]]) -> None:
    """Let these be the faults."""
    for file, lasting in ((PASSING, False), (LASTING, True)):
        part = {
            kind: found for kind, found in wrong.items() if (kind in NEEDS_ANOTHER_GPU) is lasting and found
        }
        if part or file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(part, sort_keys=True))


def _read(file: Path) -> dict[str, list[int]]:
    try:
        found: dict[str, list[int]] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found


def gpus() -> list[Gpu]:
    """The GPUs that answer, with their faults."""
    wrong = faults()
    return [_with(Gpu(index), wrong) for index in range(COUNT) if index not in wrong.get("lost", [])]


def _with(gpu: Gpu, wrong: dict[str, list[int]]) -> Gpu:
    if gpu.index in wrong.get("ecc", []):
        gpu = replace(gpu, ecc_uncorrected=1)
    if gpu.index in wrong.get("link", []):
        gpu = replace(gpu, links_up=17)
    if gpu.index in wrong.get("thermal", []):
        gpu = replace(gpu, temperature=96, slowdown=True)
    return gpu
