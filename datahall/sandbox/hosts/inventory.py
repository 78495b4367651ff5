"""The hosts as an Ansible inventory: groups by role, ssh through our configuration."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from datahall.sandbox.hosts import base, machine, repository, ssh
from datahall.sandbox.hosts.model import GPUS_PER_WORKER, NETWORK, Role
from datahall.sandbox.hosts.store import Record

_CHECKOUT = Path(__file__).resolve().parents[3]
_EMPTY = ("edge", "model")
"""Groups that have no hosts before a model is served, or somebody names some in an inventory of their own."""


def of(folder: Path, record: Record) -> dict[str, Any]:
    """The inventory in the form that Ansible expects of a script's ``--list``."""
    names = {role: [each.name for each in record.machines if each.role is role] for role in Role}
    host_variables = {
        each.name: {
            "ansible_host": str(each.address),
            **_self(folder, each.name),
            **_hands(folder, each.name),
        }
        for each in record.machines
    }
    added = {
        group.name: {"hosts": names[group.role], "vars": dict(group.variables)} for group in record.groups
    }
    variables = {
        # for every host, also those that somebody adds by hand: none of them is outside our network
        "ansible_ssh_common_args": f"-F {ssh.config_file(folder)}",
        "ansible_user": base.OPERATOR,
        "ansible_control_path_dir": str(ssh.control_folder(folder)),
        "backup_password_file": str(folder / "backup-password"),
        **_mirror(record.mirror),
        "network_cluster_cidr": str(NETWORK),
        "site_facts_folder": str(folder / "facts"),
    }
    return {
        "_meta": {"hostvars": host_variables},
        "all": {"children": sorted({*names, "mirror", *_EMPTY, *added}), "vars": variables},
        **{role: {"hosts": hosts} for role, hosts in names.items()},
        Role.WORKER: {
            "hosts": names[Role.WORKER],
            "vars": {"gpu_count": GPUS_PER_WORKER, "gpu_nvswitch": True},
        },
        "mirror": {"hosts": names[Role.SERVICE]},
        **{name: {"hosts": []} for name in _EMPTY},
        **added,
    }


def _mirror(mirror: Path) -> dict[str, str]:
    """Where the service host sees the packages, and what they are signed by, once they are made."""
    key = mirror / repository.KEY
    return {"mirror_folder": machine.MIRROR, "mirror_key": key.read_text()} if key.is_file() else {}


def _self(folder: Path, name: str) -> dict[str, str]:
    """Which host of that name it is: a blank one in its place is another, whatever its address."""
    key = folder / "machines" / name / "host_key.pub"
    return {"emulated_host_key": hashlib.sha256(key.read_bytes()).hexdigest()} if key.is_file() else {}


def _hands(folder: Path, name: str) -> dict[str, list[str]]:
    """What stands in for a power button and for somebody who puts a new machine in place."""
    hosts = ["env", f"PYTHONPATH={_CHECKOUT}", sys.executable, "-m", "datahall", "hosts"]
    return {
        "repair_power_command": [*hosts, "cycle", name, "--folder", str(folder)],
        "repair_replace_command": [*hosts, "reset", name, "--folder", str(folder)],
    }


def write(folder: Path, record: Record) -> Path:
    """Write inventory.json for playbooks/inventory/emulated.py to read."""
    file = folder / "inventory.json"
    file.write_text(json.dumps(of(folder, record), indent=1, sort_keys=True) + "\n")
    return file
