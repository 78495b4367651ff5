"""The machines of a bare-metal pool, read from an Ansible inventory."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pulumi

from components import BareMetalPoolArgs, MachineArgs
from stacks.blocks import BareMetalSettings
from stacks.errors import InvalidSettings, problem

EMULATED = "emulated"
VARIABLE = "DATAHALL_INVENTORY"
"""The environment variable in which datahall names the emulated hosts' inventory."""

_FIELD = "datahall:bare_metal.inventory"
_OF_ANSIBLE = frozenset({"_meta", "all", "ungrouped"})
_Listed = Mapping[str, Any]
"""What an inventory script answers to ``--list``: group -> hosts, children, vars; ``_meta`` -> hostvars."""


def pool_args(wanted: BareMetalSettings, *, deletion_protection: bool) -> BareMetalPoolArgs:
    """The pool's arguments.

    Raises ``InvalidSettings`` where the inventory cannot be read, or has what a pool cannot be told.
    """
    listed = _listed(wanted.inventory)
    members = {name: _hosts(listed, name) for name in listed if name not in _OF_ANSIBLE}
    shared = {
        name: listed[name]["vars"] for name, hosts in members.items() if hosts and "vars" in listed[name]
    }
    return BareMetalPoolArgs(
        machines=_machines(listed, members),
        variables=listed.get("all", {}).get("vars", {}),
        group_variables=shared,
        deletion_protection=deletion_protection,
        **{key: value for key, value in wanted.given().items() if key != "inventory"},
    )


def _hosts(listed: _Listed, group: str) -> set[str]:
    """Its own and its children's."""
    own = listed.get(group, {})
    return set(own.get("hosts", ())).union(*(_hosts(listed, child) for child in own.get("children", ())))


def _machines(listed: _Listed, members: Mapping[str, set[str]]) -> dict[str, MachineArgs]:
    machines = {}
    for host in sorted(_hosts(listed, "ungrouped").union(*members.values())):
        own = listed["_meta"]["hostvars"].get(host, {})
        if not isinstance(own.get("ansible_host"), str):
            _refuse(host, "has no ansible_host", "give its address there")
        groups = [group for group, hosts in members.items() if host in hosts]
        if not groups:
            _refuse(host, "is in no group", "put it into head, worker or service")
        machines[host] = MachineArgs(
            address=own["ansible_host"],
            groups=groups,
            variables={key: value for key, value in own.items() if key != "ansible_host"},
        )
    return machines


def _listed(inventory: str) -> _Listed:
    if inventory != EMULATED:
        return _by_ansible(Path(pulumi.get_root_directory() or ".") / Path(inventory).expanduser())
    named = os.environ.get(VARIABLE)
    if not named:
        _refuse(EMULATED, f"{VARIABLE} is not set", "run it by datahall, or name an inventory of real hosts")
    listed: _Listed = json.loads(Path(named).read_text(encoding="utf-8"))
    return listed


def _by_ansible(path: Path) -> _Listed:
    """As Ansible reads it, with ranges, groups of groups and the ``group_vars`` beside it."""
    if not path.exists():
        _refuse(str(path), "is not there", "name a file or a folder that is, relative to the project's")
    asked = [sys.executable, "-m", "ansible", "inventory", "--list", "--inventory", str(path)]
    surroundings = {**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(asked, check=False, capture_output=True, text=True, env=surroundings)
    if done.returncode:
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
        _refuse(
            str(path), f"Ansible cannot read it ({said})", "correct it; see playbooks/inventory/example.yml"
        )
    if '"__ansible_vault"' in done.stdout:
        fix = "put it into a file of its own, encrypted whole, in datahall:bare_metal.vault_files"
        _refuse(str(path), "has a variable that is encrypted in place", fix)
    listed: _Listed = json.loads(done.stdout)
    return listed


def _refuse(value: str, rule: str, fix: str) -> NoReturn:
    raise InvalidSettings([problem(_FIELD, value, rule, fix)])
