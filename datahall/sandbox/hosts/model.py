"""What an emulated host is, and which hosts there are: names, roles and addresses as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from datahall.sandbox.hosts.errors import HostsUsageError

# RFC 2544's range for tests between network devices: no site routes it, so it collides with nothing.
NETWORK = IPv4Network("198.18.0.0/24")
GATEWAY = NETWORK[1]
MAX_WORKERS = 100
WORKERS = 2
"""How many there are unless a number is given."""
GPUS_PER_WORKER = 8

# What these hosts cannot have for real; each host says so of itself in an Ansible local fact.
EMULATED = {
    "audit": "the kernel's audit subsystem has no namespaces",
    "clock": "the clock is the machine's own and is not set from within",
    "gpu": "there is no GPU: nvidia-smi and dcgmi answer as 8 H100s and say that they are emulated",
    "kernel": "modules, boot parameters and sysctls outside net.* are the machine's own",
    "storage": "no device mapper, NFS, Lustre, quotas: volumes and Lustre are folders, the rest is written",
}

_NAME = re.compile(r"(head|worker|service)-[1-9][0-9]*")


class Role(StrEnum):
    """What a host is for; the inventory's groups are named after it."""

    HEAD = "head"
    WORKER = "worker"
    SERVICE = "service"


_FIRST_ADDRESS = {Role.HEAD: 9, Role.SERVICE: 19, Role.WORKER: 100}


class Power(StrEnum):
    """What is seen of a host's power: DEAD is a host that went off without being told to."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True)
class Process:
    """A process of ours: its start (clock ticks after boot) tells it from a later one of the same pid."""

    pid: int
    started: int


@dataclass(frozen=True)
class Machine:
    """A host as it is recorded: its process, if it was started, and how it was last put out."""

    name: str
    role: Role
    process: Process | None = None
    off: Power = Power.STOPPED

    @property
    def address(self) -> IPv4Address:
        """Its address on the bridge, which follows from its name."""
        return address_of(self.name)


@dataclass(frozen=True)
class Group:
    """A group of the inventory besides the roles': all hosts of a role, and variables, none secret."""

    name: str
    role: Role
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Host:
    """A host as its user sees it; memory in bytes, 0 where it is off."""

    name: str
    role: Role
    address: IPv4Address
    power: Power
    memory: int


def address_of(name: str) -> IPv4Address:
    """The address of a host: worker-3 has 198.18.0.103.

    Raises:
        HostsUsageError: not a name of ours.
    """
    if not _NAME.fullmatch(name):
        raise HostsUsageError("host", name, "is no host's name", "write head-1, worker-N or service-1")
    role, _, number = name.partition("-")
    return NETWORK[_FIRST_ADDRESS[Role(role)] + int(number)]


def plan(workers: int) -> list[Machine]:
    """The hosts of an environment: one head, one service host and the workers.

    Raises:
        HostsUsageError: too many workers, or none.
    """
    if not 1 <= workers <= MAX_WORKERS:
        raise HostsUsageError(
            "workers", str(workers), f"is not from 1 to {MAX_WORKERS}", "give another number"
        )
    return [
        Machine("head-1", Role.HEAD),
        *(Machine(f"worker-{number}", Role.WORKER) for number in range(1, workers + 1)),
        Machine("service-1", Role.SERVICE),
    ]
