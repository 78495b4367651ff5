"""Emulated hosts: Debian with systemd as PID 1, a bridge of their own, and real ssh; on Linux, as root.

``up`` makes or mends an environment of hosts in a folder, ``down`` removes it and proves that nothing is
left. Hosts live on without us; what is recorded of them is in the folder.
"""

from datahall.sandbox.hosts.api import (
    cycle,
    down,
    fail,
    hosts,
    inventory,
    prepare,
    remove,
    reset,
    ssh,
    start,
    stop,
    up,
    wait,
)
from datahall.sandbox.hosts.errors import HostsFailedError, HostsUsageError
from datahall.sandbox.hosts.model import Host, Power, Role

__all__ = [
    "Host",
    "HostsFailedError",
    "HostsUsageError",
    "Power",
    "Role",
    "cycle",
    "down",
    "fail",
    "hosts",
    "inventory",
    "prepare",
    "remove",
    "reset",
    "ssh",
    "start",
    "stop",
    "up",
    "wait",
]
