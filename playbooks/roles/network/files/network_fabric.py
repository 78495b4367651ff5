#!/usr/bin/python3
"""The network between the GPU hosts as it is to be, compared with what it is; installed as network-fabric.

MTU of the fabric's interfaces, RDMA ports that are up, and what NCCL is told of them in /etc/nccl.conf.
``check`` says what differs and changes nothing; ``apply`` sets what can be, and writes down what was asked.
What is asked is JSON on stdin, with ``--kept`` what was written down last: at boot, and in the health check.

Exit codes: 0 as asked, 1 it differs, 2 it cannot be: field, value, rule, fix.
"""

import argparse
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("NETWORK_FABRIC_ROOT", "/"))
KEPT, NCCL = ROOT / "etc/network-fabric.json", ROOT / "etc/nccl.conf"
PEERMEM = ROOT / "etc/modules-load.d/nvidia-peermem.conf"
LOCK = ROOT / "run/network-fabric.lock"
DEVICES = ROOT / "sys/class/infiniband"
# An MTU that is no longer asked for is what Ethernet has by itself.
DEFAULT_MTU = 1500
# The GIDs of RoCE v2 over IPv4 are the fourth of a port, as NVIDIA's adapters number them.
ROCE_GID = "3"


class FabricError(Exception):
    """It cannot be; field, value, rule, fix."""


@dataclass(frozen=True)
class Asked:
    """What is to be; MTU 0 is as it is, no interfaces are those that have the address."""

    address: str
    interfaces: Sequence[str] = ()
    mtu: int = 0
    rdma: str = "as_is"
    devices: Sequence[str] = ()
    rails: bool = False
    nccl: Mapping[str, str] = field(default_factory=dict)


def links() -> dict[str, dict[str, Any]]:
    """Name -> what ``ip`` says of an interface."""
    command = ["ip", "-details", "-json", "address"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {each["ifname"]: each for each in told if each}


def interfaces(asked: Asked, there: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The fabric's interfaces.

    Raises:
        FabricError: one is not there, or none has the host's address.
    """
    if missing := [name for name in asked.interfaces if name not in there]:
        raise FabricError(
            f"network_fabric_interfaces: {', '.join(missing)}: is none of {', '.join(there)}; correct it"
        )
    owners = [
        name
        for name, each in there.items()
        if any(address.get("local") == asked.address for address in each.get("addr_info", []))
    ]
    if not asked.interfaces and not owners:
        raise FabricError(
            f"ansible_host: {asked.address}: no interface has it; name network_fabric_interfaces"
        )
    return list(asked.interfaces) or owners


def ports(device: str) -> dict[str, str]:
    """Port -> its state, as ``4: ACTIVE``.

    Raises:
        FabricError: no such device.
    """
    if not (DEVICES / device).is_dir():
        there = ", ".join(sorted(path.name for path in DEVICES.glob("*"))) or "none"
        raise FabricError(
            f"network_rdma_devices: {device}: is not there (there: {there}); correct it, or load its driver"
        )
    return {path.parent.name: path.read_text().strip() for path in (DEVICES / device).glob("ports/*/state")}


def environment(asked: Asked, names: Sequence[str]) -> str:
    """What NCCL reads, as NAME=value lines; a second = before names has them taken whole, not as prefixes."""
    told = {"NCCL_SOCKET_IFNAME": f"={','.join(names)}"}
    if asked.rdma == "none":
        told["NCCL_IB_DISABLE"] = "1"
    elif asked.devices:
        told["NCCL_IB_HCA"] = f"={','.join(asked.devices)}"
    if asked.rdma == "roce":
        told["NCCL_IB_GID_INDEX"] = ROCE_GID
    if asked.rails:  # a rail is a switch of its own: crossing over costs a hop
        told["NCCL_CROSS_NIC"] = "0"
    lines = [f"{name}={value}" for name, value in sorted({**told, **asked.nccl}.items())]
    return "\n".join(["# Made by site.yml.", *lines, ""])


def files(asked: Asked, names: Sequence[str]) -> dict[Path, str]:
    """File -> its text, empty where there is to be none: what NCCL reads, and GPUDirect's module."""
    direct = asked.rdma in ("infiniband", "roce")
    return {
        NCCL: environment(asked, names),
        PEERMEM: "# Made by site.yml.\nnvidia-peermem\n" if direct else "",
    }


def differences(asked: Asked, wanted_mtu: int) -> list[str]:
    """What differs, a line each.

    Raises:
        FabricError: it cannot be so.
    """
    there = links()
    names = interfaces(asked, there)
    said = []
    for name in names:
        most = there[name].get("max_mtu", 0)
        if wanted_mtu and most and wanted_mtu > most:
            raise FabricError(f"network_mtu: {wanted_mtu}: {name} takes {most} at most; correct it")
        if wanted_mtu and there[name]["mtu"] != wanted_mtu:
            said.append(f"{name}: MTU {there[name]['mtu']}, not {wanted_mtu}")
    for device in asked.devices:
        said += [
            f"{device}: port {port} is {state.partition(': ')[2] or state}"
            for port, state in sorted(ports(device).items())
            if not state.endswith("ACTIVE")
        ]
    for file, text in files(asked, names).items():
        if (file.read_text() if file.exists() else "") != text:
            said.append(f"{file}: is not what the interfaces make of it")
    return said


def apply(asked: Asked, wanted_mtu: int) -> list[str]:
    """Set what differs; what did, and a port that is down still is.

    Raises:
        FabricError: it cannot be so.
    """
    said = differences(asked, wanted_mtu)
    names = interfaces(asked, there := links())
    for name in names:
        if wanted_mtu and there[name]["mtu"] != wanted_mtu:
            command = ["ip", "link", "set", "dev", name, "mtu", str(wanted_mtu)]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                raise FabricError(f"network_mtu: {wanted_mtu}: {name}: {done.stderr.strip()}; correct it")
    for file, text in files(asked, names).items():
        if text:
            write(file, text)
        else:
            file.unlink(missing_ok=True)
    if left := differences(asked, wanted_mtu):
        raise FabricError(
            f"{left[0]}: is not mended from here: see the cable, the switch, the subnet manager"
        )
    return said


def write(file: Path, text: str) -> None:
    """Whole or not at all."""
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def do(verb: str, *, from_kept: bool) -> list[str]:
    """One command; the lines that it says.

    Raises:
        FabricError: it cannot be done.
    """
    before = json.loads(KEPT.read_text()) if KEPT.exists() else None
    if from_kept and before is None:
        raise FabricError(f"{KEPT}: is not there: nothing was asked yet; run site.yml")
    told: dict[str, Any] = before if before and from_kept else json.load(sys.stdin)
    asked = Asked(**told)
    mtu = asked.mtu or (DEFAULT_MTU if before and before.get("mtu") else 0)
    said = differences(asked, mtu) if verb == "check" else apply(asked, mtu)
    if told != before:
        said = [*said, f"{KEPT}: does not say so yet"]
        if verb == "apply":
            write(KEPT, json.dumps(told, sort_keys=True) + "\n")
    return said


def main() -> int:
    """Parse, and do it alone: the health check never sees half of a change."""
    parser = argparse.ArgumentParser(prog="network-fabric", description=__doc__, allow_abbrev=False)
    parser.add_argument("verb", choices=["check", "apply"])
    parser.add_argument("--kept", action="store_true")
    args = parser.parse_args()
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH if args.verb == "check" else fcntl.LOCK_EX)
        try:
            said = do(args.verb, from_kept=args.kept)
        except FabricError as error:
            print(error, file=sys.stderr)
            return 2
    print("".join(f"{line}\n" for line in said), end="")
    return 1 if said and args.verb == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
