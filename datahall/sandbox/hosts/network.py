"""A bridge in a network namespace of our own: the machine's own network is not touched at all.

A process that only sleeps holds the namespace; when it and the last host have ended, the kernel removes
namespace, bridge and all. The machine has no interface in it, so the hosts have no route out.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import GATEWAY, NETWORK, Process
from datahall.sandbox.hosts.processes import alive, run, start

BRIDGE = "hosts"
_SET_UP = f"""
set -eu
for group in "$@"; do echo 0 >"$group/cgroup.procs"; done
ip link set lo up
ip link add {BRIDGE} type bridge
ip address add {GATEWAY}/{NETWORK.prefixlen} dev {BRIDGE}
ip link set {BRIDGE} up
exec sleep infinity
"""


def open_namespace(log: Path, groups: Sequence[Path]) -> Process:
    """Start the process that holds the namespace, with the bridge up in it; it goes into ``groups``.

    Raises:
        HostsFailedError: the bridge does not come up.
    """
    holder = start(["unshare", "--net", "sh", "-c", _SET_UP, "network", *map(str, groups)], log)
    deadline = time.monotonic() + 10
    while alive(holder):
        if _ready(holder):
            return holder
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    raise HostsFailedError(
        f"the hosts' network does not come up: {log.read_text(errors='replace').strip()[-300:]}"
    )


def within(holder: Process) -> list[str]:
    """What to put before a command to run it in the hosts' network."""
    return ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]


def identity(holder: Process | None) -> str:
    """The kernel's name of the namespace, empty where it is gone."""
    return str(Path(f"/proc/{holder.pid}/ns/net").readlink()) if holder and alive(holder) else ""


def _ready(holder: Process) -> bool:
    # before unshare has done its work the process is still in the machine's own namespace
    own = Path("/proc/self/ns/net").readlink()
    if Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
        return False
    shown = run([*within(holder), "ip", "-brief", "address"], what="reading the hosts' network")
    return any(line.startswith(f"{BRIDGE} ") and str(GATEWAY) in line for line in shown.splitlines())
