"""A command, and what it cost."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.25
_PART_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """Wall-clock and processor seconds, megabytes written to disk, and the peak of memory in megabytes.

    Processor time and writes are those of the process and all that it waited for. Memory, if it was looked
    at, is the sum of the proportional set sizes of the process and its children. `part_cpu` is the processor
    time of the one process below that was asked for, as last seen.
    """

    wall: float
    cpu: float
    written_mb: float
    peak_mb: float = 0.0
    part_cpu: float = 0.0


def run(
    command: Sequence[str],
    folder: Path,
    env: dict[str, str],
    *,
    memory: bool = False,
    part: str | None = None,
) -> Cost:
    """Run a command to its end; `part` is in the command line of a process below it whose time is asked for.

    Exits with what it printed if it fails.
    """
    log = folder / "output.log"
    before = _usage()
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=output)
        peak = _watched(process) if memory else 0.0
        part_cpu = _cpu_of(part, process) if part else 0.0
        process.wait()
    wall = time.monotonic() - began
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()}")
    after = _usage()
    return Cost(wall, after[0] - before[0], after[1] - before[1], peak, part_cpu)


def _usage() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_oublock * 512 / 1e6


def _watched(process: subprocess.Popen[bytes]) -> float:
    peak = 0.0
    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        with suppress(psutil.Error):
            for each in (root, *root.children(recursive=True)):
                with suppress(psutil.Error):
                    total += each.memory_full_info().pss
        peak = max(peak, total / 1e6)
        time.sleep(_SAMPLE_SECONDS)
    return peak


def _cpu_of(part: str, process: subprocess.Popen[bytes]) -> float:
    used = 0.0
    found: psutil.Process | None = None
    root = psutil.Process(process.pid)
    while process.poll() is None:
        with suppress(psutil.Error):
            found = found or next(
                (p for p in root.children(recursive=True) if part in " ".join(p.cmdline())), None
            )
            if found is not None:
                times = found.cpu_times()
                used = times.user + times.system
        time.sleep(_PART_SAMPLE_SECONDS)
    return used


def load() -> str:
    """The machine's load, to be told with every figure."""
    cores = os.cpu_count() or 1
    return f"load {os.getloadavg()[0]:.1f} on {cores} cores"
