"""``datahall doctor``: what this machine has of what datahall needs."""

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

import psutil
from packaging.requirements import Requirement
from rich.table import Table

from datahall import paths, ports, processes
from datahall.output import Output
from datahall.sandbox.hosts import needs
from datahall.service import DEFAULT_PORT

_GIB = 2**30
_MEMORY_GIB = 2.0
_DISK_GIB = 1.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, what it is needed for, how to mend it."""

    name: str
    ok: bool
    required: bool
    found: str
    needed_for: str
    fix: str


def checks() -> list[Check]:
    """Look at everything."""
    return [_python(), _memory(), _disk(), _packages(), _port(), _pulumi(), _hosts()]


def fine(found: list[Check]) -> bool:
    """Whether all that is required is there."""
    return all(check.ok for check in found if check.required)


def show(output: Output, found: list[Check]) -> None:
    """A table for people, and the fix for each thing that is not as it should be."""
    table = Table("", "what", "found", "needed for")
    for check in found:
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]" if check.required else "[yellow]-[/]"
        table.add_row(mark, check.name, check.found, check.needed_for)
    output.say(table)
    for check in found:
        if not check.ok:
            output.say(f"{check.name}: {check.fix}")


def _python() -> Check:
    return Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        required=True,
        found=f"{platform.python_version()} ({sys.executable})",
        needed_for="everything",
        fix="install Python 3.11 or newer, and: make PYTHON=python3.12 setup",
    )


def _memory() -> Check:
    available = psutil.virtual_memory().available / _GIB
    return Check(
        name="memory",
        ok=available >= _MEMORY_GIB,
        required=True,
        found=f"{available:.1f} GiB available",
        needed_for="the emulated AWS, and two training processes",
        fix=f"free some: {_MEMORY_GIB:.0f} GiB are needed",
    )


def _disk() -> Check:
    root = paths.home().root
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free / _GIB
    return Check(
        name="disk",
        ok=free >= _DISK_GIB,
        required=True,
        found=f"{free:.1f} GiB free in {there}",
        needed_for="state, emulated buckets, logs",
        fix=f"free some ({_DISK_GIB:.0f} GiB is needed), or move it: DATAHALL_HOME=/elsewhere",
    )


def _packages() -> Check:
    lock = paths.project_root() / "requirements.lock"
    wrong = _differing(lock.read_text()) if lock.is_file() else [f"{lock} is missing"]
    return Check(
        name="packages",
        ok=not wrong,
        required=True,
        found=", ".join(wrong[:5]) if wrong else "as requirements.lock names them",
        needed_for="everything",
        fix="make setup",
    )


def _differing(lock: str) -> list[str]:
    """What is installed in another version than the lock's, or not at all."""
    wrong = []
    for line in lock.splitlines():
        if not re.match(r"[A-Za-z0-9]", line):
            continue
        wanted = Requirement(line.split("--hash")[0].rstrip(" \\"))
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            there = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            there = "missing"
        if there == "missing" or not wanted.specifier.contains(there, prereleases=True):
            wrong.append(f"{wanted.name} {there} (not {str(wanted.specifier).removeprefix('==')})")
    return wrong


def _port() -> Check:
    ours = [
        service
        for record in paths.home().services.glob("*.json")
        for service in processes.services(record.parent, record.name.split("-")[0])
        if service.port == DEFAULT_PORT and processes.alive(service)
    ]
    free = ports.is_free(DEFAULT_PORT)
    return Check(
        name=f"port {DEFAULT_PORT}",
        ok=free or bool(ours),
        required=False,
        found="free"
        if free
        else f"in use by our service {ours[0].name}"
        if ours
        else "in use by another program",
        needed_for="the model's service, unless --port names another",
        fix="datahall up local --port 5001",
    )


def _pulumi() -> Check:
    path = shutil.which("pulumi")
    version = ""
    if path:
        told = subprocess.run([path, "version"], capture_output=True, text=True, check=False)
        version = told.stdout.strip()
    return Check(
        name="pulumi",
        ok=path is not None,
        required=False,
        found=f"{version} ({path})" if path else "not on PATH",
        needed_for="real environments (dev, prod) and --engine pulumi; not for local",
        fix="https://www.pulumi.com/docs/install/, if you want those",
    )


def _hosts() -> Check:
    lacking = needs.lacking()
    return Check(
        name="emulated hosts",
        ok=not lacking,
        required=False,
        found="; ".join(lacking) if lacking else "Linux, root, and all packages",
        needed_for="datahall up metal and datahall hosts; not for local",
        fix="make metal-needs installs the packages, as root on Debian",
    )
