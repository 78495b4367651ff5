"""The emulated GPUs of a host: which there are, what is wrong with them, how they are set."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .models import MODELS, Instance, Model

MAX = 16
# Where a test keeps it all; a host has it at its root.
ROOT = Path(os.environ.get("EMULATED_GPU_ROOT", "/"))
# What a boot mends lies where a boot clears it; what only another GPU mends lies on the disk.
PASSING = ROOT / "run/emulated-gpu/faults.json"
LASTING = ROOT / "var/lib/emulated-gpu/faults.json"
# A driver that is loaded anew knows none of it: a boot clears it.
SETTINGS = ROOT / "run/emulated-gpu/settings.json"
# Which GPUs are in the host.
BUILT = ROOT / "var/lib/emulated-gpu/built.json"

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
class Settings:
    """How one GPU is set: power limit in W and locked clocks in MHz, none where they are the model's own."""

    persistence: bool = False
    power_limit: float | None = None
    clocks: tuple[int, int] | None = None
    mig: bool = False
    instances: tuple[Instance, ...] = ()
    busy: int = 0
    """The process that computes on it; 0: none."""


@dataclass(frozen=True)
class Gpu:
    """One GPU as a query sees it: temperature in C, power in W, memory in MiB, clocks in MHz."""

    index: int
    model: Model
    settings: Settings = field(default_factory=Settings)
    temperature: int = 34
    ecc_uncorrected: int = 0
    links_up: int = 0
    slowdown: bool = False

    @property
    def bus_id(self) -> str:
        """PCI address."""
        return f"00000000:{0x1B + self.index * 0x0D:02X}:00.0"

    @property
    def uuid(self) -> str:
        """Same on every call."""
        return f"GPU-00000000-0000-0000-0000-{self.index:012d}"

    @property
    def power_limit(self) -> float:
        """The limit in force, in W."""
        return self.settings.power_limit or self.model.power_default

    @property
    def power(self) -> float:
        """The draw: next to nothing when idle, all that it may when busy."""
        return self.power_limit if self.settings.busy else 70.0

    @property
    def clock(self) -> int:
        """The graphics clock: lowest when idle, highest when busy, within those that it is locked to."""
        low, high = self.settings.clocks or (self.model.clock_idle, self.model.clock_max)
        return high if self.settings.busy else low

    @property
    def memory_used(self) -> int:
        """Of the process that computes on it."""
        return 1024 if self.settings.busy else 0


def built() -> tuple[int, Model]:
    """How many GPUs there are in this host, and of which model."""
    told = _read(BUILT)
    return told.get("count", 8), MODELS[told.get("model", "h100")]


def device_nodes(count: int, *, switched: bool) -> str:
    """Lines of tmpfiles.d: nodes that can be opened and hold nothing, /dev/null by another name."""
    names = [*(f"nvidia{index}" for index in range(count)), *(["nvidia-nvswitchctl"] if switched else [])]
    return "".join(f"c /dev/{name} 0666 root root - 1:3\n" for name in names)


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
            keep(file, part)


def gpus() -> list[Gpu]:
    """The GPUs that answer, with their settings and faults."""
    wrong, (count, model) = faults(), built()
    told = _settings()
    return [
        _with(Gpu(index, model, told.get(index, Settings()), links_up=model.links), wrong)
        for index in range(count)
        if index not in wrong.get("lost", [])
    ]


def _with(gpu: Gpu, wrong: dict[str, list[int]]) -> Gpu:
    if gpu.index in wrong.get("ecc", []):
        gpu = replace(gpu, ecc_uncorrected=1)
    if gpu.index in wrong.get("link", []):
        gpu = replace(gpu, links_up=gpu.model.links - 1)
    if gpu.index in wrong.get("thermal", []):
        gpu = replace(gpu, temperature=96, slowdown=True)
    return gpu


@contextmanager
def changing() -> Iterator[dict[int, Settings]]:
    """The settings by GPU, to be changed in place; one at a time, kept at the end.

    Raises:
        PermissionError: not for this user.
    """
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    with (SETTINGS.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = {index: _settings().get(index, Settings()) for index in range(built()[0])}
        yield told
        keep(SETTINGS, {str(index): _plain(each) for index, each in told.items()})


def _plain(settings: Settings) -> dict[str, Any]:
    return vars(settings) | {"instances": [vars(each) for each in settings.instances]}


def _settings() -> dict[int, Settings]:
    return {int(index): _parsed(told) for index, told in _read(SETTINGS).items()}


def _parsed(told: dict[str, Any]) -> Settings:
    clocks = tuple(told["clocks"]) if told["clocks"] else None
    instances = tuple(Instance(**each) for each in told["instances"])
    return Settings(**{**told, "clocks": clocks, "instances": instances})


def keep(file: Path, told: dict[str, Any]) -> None:
    """Write it, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(told, sort_keys=True))
    new.replace(file)


def _read(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found
