"""Where the machine itself gets Debian packages from: its own apt sources, never an address of ours."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from datahall.sandbox.hosts.errors import HostsUsageError
from datahall.sandbox.hosts.processes import run

_VARIABLE = "DATAHALL_DEBIAN_MIRROR"
_APT = Path("/etc/apt")
_KEPT = ("Acquire::http", "Acquire::Check", "Acquire::Retries")


def mirror() -> str:
    """The address of a Debian archive.

    Raises:
        HostsUsageError: the machine's apt sources name none.
    """
    if named := os.environ.get(_VARIABLE):
        return named
    for address in _addresses():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise HostsUsageError(
        "apt sources", str(_APT), "name no Debian archive", f"set {_VARIABLE} to the address of one"
    )


def lines(suite: str, components: Sequence[str] = ("main",)) -> str:
    """Lines of sources.list for one suite, with its security updates where the machine has them."""
    parts = " ".join(components)
    wanted = [f"deb {mirror()} {suite} {parts}", f"deb {mirror()} {suite}-updates {parts}"]
    security = [address for address in _addresses() if address.rstrip("/").endswith("-security")]
    if security and not os.environ.get(_VARIABLE):
        wanted.append(f"deb {security[0]} {suite}-security {parts}")
    return "\n".join(wanted) + "\n"


def settings() -> str:
    """How the machine's apt reaches its archive: proxies, retries, date checks."""
    dump = run(["apt-config", "dump"], what="reading apt's settings").splitlines()
    return "\n".join(line for line in dump if line.startswith(_KEPT)) + "\n"


def _addresses() -> Iterator[str]:
    files = [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix == ".sources":
            yield from _deb822(file.read_text())
        elif file.suffix == ".list" and file.exists():
            yield from re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)", file.read_text(), re.MULTILINE)


def _deb822(text: str) -> Iterator[str]:
    for line in re.findall(r"^URIs:(.*)$", text, re.MULTILINE):
        yield from line.split()
