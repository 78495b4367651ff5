"""LNet as the emulated client has it: NIDs, its networks, and whether a peer answers."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("EMULATED_LUSTRE_ROOT", "/"))
MODPROBE = ROOT / "etc/modprobe.d/lustre.conf"
LOADED = ROOT / "run/emulated-lustre/nids"
"""The NIDs of this host; there while the modules would be loaded."""
PORT = 988  # of LNet's acceptor
_NID = re.compile(r"([^@\s]+)@(tcp|o2ib)([0-9]*)")
_NETWORK = re.compile(r"(tcp|o2ib)([0-9]*)(?:\(([^)]+)\))?")
_OPTION = re.compile(r'^options\s+lnet\s+networks="?([^"\n]+)"?', re.MULTILINE)


class LustreError(Exception):
    """What the client would refuse; ``code`` is the errno that it ends with."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def parse(nid: str) -> tuple[str, str]:
    """Address and network (``tcp0`` is ``tcp``).

    Raises:
        LustreError: it is no NID.
    """
    if not (found := _NID.fullmatch(nid)):
        raise LustreError(22, f"can't parse NID {nid!r}")
    address, kind, number = found.groups()
    return address, kind + (number if number != "0" else "")


def ping(nid: str) -> None:
    """Ask for an answer on the acceptor's port.

    Raises:
        LustreError: nobody answers, or over a network that this host is not in.
    """
    address, network = parse(nid)
    if network not in {parse(own)[1] for own in loaded()}:
        raise LustreError(113, f"failed to ping {nid}: No route to host")
    try:
        socket.create_connection((address, PORT), timeout=5).close()
    except OSError as error:
        raise LustreError(5, f"failed to ping {nid}: Input/output error") from error


def load() -> None:
    """Take the networks up as the module's option says, unless they are.

    Raises:
        LustreError: an interface is not there, or needs RDMA, which is not emulated.
    """
    if LOADED.exists():
        return
    told = _OPTION.search(MODPROBE.read_text()) if MODPROBE.exists() else None
    nids = [_own(each) for each in (told[1] if told else "tcp").split(",")]
    LOADED.parent.mkdir(parents=True, exist_ok=True)
    LOADED.write_text("".join(f"{nid}\n" for nid in nids))


def loaded() -> list[str]:
    """This host's NIDs.

    Raises:
        LustreError: the modules would not be loaded.
    """
    if not LOADED.exists():
        raise LustreError(2, "IOC_LIBCFS_GET_NI error 2: No such file or directory")
    return LOADED.read_text().split()


def complain(command: str, failed: LustreError) -> int:
    """Tell it as the commands do; give the exit code."""
    print(f"{command}: {failed} (EMULATED)", file=sys.stderr)
    return failed.code


def _own(network: str) -> str:
    if not (found := _NETWORK.fullmatch(network.strip())):
        raise LustreError(22, f"networks={network}: can't parse")
    kind, number, interface = found.groups()
    if kind != "tcp":
        raise LustreError(100, f"{network}: Network is down: there is no RDMA")
    return f"{_address(interface)}@{kind}{number if number != '0' else ''}"


def _address(interface: str | None) -> str:
    """The first IPv4 address of an interface, or of the first one that is not loopback."""
    asked = ["ip", "-json", "-4", "address", "show"]
    links = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    for link in links:
        name = link.get("ifname")
        if (name == interface or (interface is None and name != "lo")) and link.get("addr_info"):
            return str(link["addr_info"][0]["local"])
    raise LustreError(19, f"networks: {interface or 'tcp'}: No such device")
