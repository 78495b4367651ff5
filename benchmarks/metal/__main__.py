"""Converging blank hosts, and converging them again: `python -m benchmarks.metal [--workers 1 2 6 14]`.

Linux, root, hosts of its own in a temporary folder. Each row: hosts in all (the workers, a head, a service
host), seconds from nothing to hosts that run, seconds of the first and of the second ``site.yml``, their
ratio, the CPU seconds of each, hosts and Ansible together, and what all hosts use in MB (1e6 bytes; page
cache that can be dropped left out) once booted and once converged. Where other work goes on beside it the
wall clock says little: CPU seconds over the number of cores are the least it would be on an idle machine.

``--plain`` runs the second converge once more with Ansible's own actions alone, beside ours.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox import hosts
from datahall.sandbox.hosts import cgroups, machine, mirror

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
_SUMMARY = "changed="


@dataclass(frozen=True)
class Timed:
    """Seconds by the clock, and of CPU time."""

    wall: float
    cpu: float


def main() -> None:
    """Print a row for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 6, 14])
    parser.add_argument(
        "--plain", action="store_true", help="the second converge by Ansible's own actions, too"
    )
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    titles = ("hosts", "up s", "first s", "second s", "ratio", "first CPU s", "second CPU s", "plain CPU s",
              "booted MB", "converged MB")  # fmt: skip
    print("  ".join(titles))
    for workers in args.workers:
        print("  ".join(_row(workers, plain=args.plain)), flush=True)


def _row(workers: int, *, plain: bool) -> list[str]:
    packages = mirror.packages_of(PLAYBOOKS / "roles")
    hosts.prepare(packages)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "hosts"
        begun = time.monotonic()
        try:
            hosts.up(folder, packages, workers=workers)
            up, booted = time.monotonic() - begun, _megabytes(folder)
            first, second = _converge(folder), _converge(folder)
            converged = _megabytes(folder)
            slow = f"{_converge(folder, ANSIBLE_ACTION_PLUGINS='/nonexistent').cpu:.0f}" if plain else "-"
        finally:
            hosts.down(folder)
    figures = (first.wall, second.wall)
    cells = [
        f"{workers + 2}",
        f"{up:.0f}",
        *(f"{each:.0f}" for each in figures),
        f"{second.wall / first.wall:.2f}",
    ]
    return [*cells, f"{first.cpu:.0f}", f"{second.cpu:.0f}", slow, f"{booted:.0f}", f"{converged:.0f}"]


def _converge(folder: Path, **variables: str) -> Timed:
    group = machine.group(folder.resolve())
    begun, used = time.monotonic(), _cpu(group)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "site.yml"],
        check=False, capture_output=True, text=True, cwd=PLAYBOOKS,
        env={**os.environ, "DATAHALL_HOME": str(folder.parent), **variables},
    )  # fmt: skip
    if done.returncode or _SUMMARY not in done.stdout:
        raise SystemExit(f"site.yml failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return Timed(time.monotonic() - begun, _cpu(group) - used)


def _megabytes(folder: Path) -> float:
    return cgroups.memory(machine.group(folder.resolve())) / 1e6


def _cpu(group: str) -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cgroups.cpu_seconds(group) + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
