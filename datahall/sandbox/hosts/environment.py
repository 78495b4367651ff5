"""The workloads' Python environment on the hosts: the machine's own, seen there read-only.

The interpreter, the installed packages and the workloads' sources are bound to a folder of their own; a
host never gets a copy. An interpreter that is the machine's system one is not bound: the hosts have theirs,
which must then be of the same version.
"""

import sys
import sysconfig
from pathlib import Path

from datahall.sandbox.hosts import base
from datahall.sandbox.hosts.errors import HostsUsageError

USER = base.OPERATOR
_TOP = Path("/opt/datahall")
_WORKLOADS = Path(__file__).resolve().parents[3] / "workloads"
_SYSTEM = "3.11"  # bookworm's


def binds() -> dict[Path, Path]:
    """Place on the hosts -> what is seen there.

    Raises:
        HostsUsageError: a path that systemd-nspawn does not take.
    """
    seen = {
        _TOP / "packages": Path(sysconfig.get_path("purelib")),
        _TOP / "code" / "workloads": _WORKLOADS,
    }
    if not _system():
        seen[_TOP / "python"] = Path(sys.base_prefix).resolve()
    for path in seen.values():
        if ":" in str(path) or "\\" in str(path):
            raise HostsUsageError("folder", str(path), "has ':' or '\\' in its name", "use another one")
    return seen


def variables() -> dict[str, str]:
    """What makes a program on a host run in it.

    Raises:
        HostsUsageError: this Python is the system's, and not of the hosts' version.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    paths = {"PYTHONPATH": f"{_TOP / 'code'}:{_TOP / 'packages'}", "PYTHONNOUSERSITE": "1"}
    if not _system():
        python = _TOP / "python"
        return {
            **paths,
            "DATAHALL_PYTHON": str(python / "bin" / f"python{version}"),
            "LD_LIBRARY_PATH": str(python / "lib"),
        }
    if version != _SYSTEM:
        fix = f"make the environment with Python {_SYSTEM}, or with one that is not the system's"
        raise HostsUsageError("python", version, f"is the system's, and the hosts' is {_SYSTEM}", fix)
    return {**paths, "DATAHALL_PYTHON": f"/usr/bin/python{version}"}


def _system() -> bool:
    return Path(sys.base_prefix).resolve() == Path("/usr")
