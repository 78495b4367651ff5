"""What an environment left on the machine: looked for in the kernel's own lists, not in our records."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from datahall.sandbox.hosts import cgroups, machine, processes

_PROC = Path("/proc")


def find(folder: Path, namespace: str) -> list[str]:
    """Processes, mounts, control groups and the network namespace of an environment that are still there.

    Where no process is in a network namespace and none is mounted, the kernel has removed it with its bridge.
    """
    found = [f"control group {group}" for group in cgroups.left(machine.group(folder))]
    for process in _others():
        found += _of_process(process, str(folder / "machines"), namespace)
    return sorted(set(found))


def wait(folder: Path, namespace: str, *, patience_s: float = 20) -> list[str]:
    """What is still there after a while: an ssh that was just connecting takes some seconds to give up."""
    deadline = time.monotonic() + patience_s
    while (left := find(folder, namespace)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _of_process(process: Path, machines: str, namespace: str) -> Iterator[str]:
    try:
        arguments = processes.arguments(int(process.name))
        if machines in arguments:
            yield f"process {process.name}: {arguments.strip()[:120]}"
        if namespace and str((process / "ns/net").readlink()) == namespace:
            yield f"process {process.name} in the hosts' network: {arguments.strip()[:120]}"
        for line in (process / "mountinfo").read_text().splitlines():
            if machines in line:
                yield f"mount of process {process.name}: {line.split()[4]}"
    except OSError:
        return  # it ended while we looked


def _others() -> Iterator[Path]:
    mine = str(os.getpid())
    return (path for path in _PROC.iterdir() if path.name.isdigit() and path.name != mine)
