"""A control group for each host: what it uses is counted there, and what is in it is all of it.

A machine has cgroup v2 alone, or v1 hierarchies with or without a v2 one beside them (``unified``).
"""

import os
import signal
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_V1 = ("systemd", "unified", "memory", "pids", "cpuacct")


def hierarchies() -> list[Path]:
    """The hierarchies in which a host gets a group."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [ROOT / name for name in _V1 if (ROOT / name / "cgroup.procs").exists()]


def make(group: str) -> list[Path]:
    """The group's folder in each hierarchy, made where it is missing."""
    folders = [root / group for root in hierarchies()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def pids(group: str) -> set[int]:
    """Every process in the group or below it."""
    folders = [folder for root in hierarchies() for folder in _below(root / group)]
    return {int(pid) for folder in folders for pid in _read(folder / "cgroup.procs").split()}


def memory(group: str) -> int:
    """Bytes that the group's processes use, page cache that can be dropped left out."""
    for root in hierarchies():
        for usage, inactive in (
            ("memory.current", "inactive_file"),
            ("memory.usage_in_bytes", "total_inactive_file"),
        ):
            if text := _read(root / group / usage):
                stat = dict(line.split() for line in _read(root / group / "memory.stat").splitlines())
                return max(0, int(text) - int(stat.get(inactive, 0)))
    return 0


def cpu_seconds(group: str) -> float:
    """CPU time that the group's processes, those that have ended too, have used so far."""
    for root in hierarchies():
        if text := _read(root / group / "cpuacct.usage"):
            return int(text) / 1e9
        stat = dict(line.split() for line in _read(root / group / "cpu.stat").splitlines())
        if "usage_usec" in stat:
            return int(stat["usage_usec"]) / 1e6
    return 0.0


def kill(group: str, *, patience_s: float = 10) -> None:
    """KILL everything in the group and wait until it is empty."""
    deadline = time.monotonic() + patience_s
    while (left := pids(group)) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        time.sleep(0.05)


def remove(group: str) -> None:
    """Remove the group and all below it from every hierarchy; a folder that is busy stays, and is seen."""
    for root in hierarchies():
        for folder in _below(root / group):
            _rmdir(folder)


def left(group: str) -> list[Path]:
    """The folders of the group that are still there."""
    return [root / group for root in hierarchies() if (root / group).exists()]


def _below(top: Path) -> list[Path]:
    """The folder and all below it, deepest first; one that goes while we look is passed over."""
    return [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]


def _rmdir(folder: Path) -> None:
    deadline = time.monotonic() + 2
    while True:  # the kernel says busy for a moment after the last process has gone
        try:
            return folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
