"""What a BareMetalPool may be told, and what of it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components.bare_metal.paths import found
from components.checks import check_text
from components.errors import InvalidArgs

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
"""Our own, from blank hosts to a Slurm cluster."""

NEIGHBOUR_TAGS = (
    "base_names",
    "network_firewall",
    "network_sites",
    "scheduler_controller",
    "storage_exports",
    "observability_prometheus",
    "edge_proxy",
)
"""What of our own site.yml tells a host of others: names, addresses, who is a node, who is measured."""

_HOST = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_GROUP = r"[a-z_][a-z0-9_]*"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_BMC = r"https://[^\s/?#@]+/?"


@dataclass(frozen=True, kw_only=True)
class BmcArgs:
    """A machine's baseboard controller, asked by Redfish: repair.yml presses its buttons.

    ``address``: ``https://HOST``; its certificate is verified, against ``ca_file`` (PEM) where that is given.
    ``credentials_file``: JSON with username and password, mode 600, read where Ansible runs, and only its
    path is recorded; none: ``REDFISH_USERNAME`` and ``REDFISH_PASSWORD`` there. ``system``: the system's Id
    where the controller has several.
    """

    address: str
    credentials_file: str | Path | None = None
    ca_file: str | Path | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        if "@" in self.address:  # what stands before it may be a password
            fix = "give them in credentials_file"
            raise InvalidArgs("bmc.address", "(not shown)", "has a name and password in it", fix)
        rule = "is no controller's address (Redfish speaks TLS)"
        check_text("bmc.address", self.address, _BMC, rule, "write it as https://10.20.9.1")

    def variables(self) -> dict[str, str]:
        """What the role ``repair`` is told of it."""
        told = {
            "repair_bmc": self.address,
            "repair_bmc_system": self.system,
            "repair_bmc_credentials": found(self.credentials_file),
            "repair_bmc_ca": found(self.ca_file),
        }
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """A machine: where Ansible reaches it, the groups (roles) that it is in, and variables of its own."""

    address: pulumi.Input[str]
    groups: Sequence[str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    bmc: BmcArgs | None = None

    def __post_init__(self) -> None:
        if isinstance(self.groups, str) or not self.groups:
            raise InvalidArgs("groups", self.groups or "none", "must be a list of groups", "write [worker]")
        for group in self.groups:
            _check_group("groups", group)
        _check_variables("variables", self.variables)
        if self.bmc and (twice := sorted({*self.variables} & {*self.bmc.variables()})):
            raise InvalidArgs(f"variables.{twice[0]}", "set", "bmc says it already", "keep one of them")


@dataclass(frozen=True, kw_only=True)
class BareMetalPoolArgs:
    """Machines, and the playbooks that converge them; no secret among the variables, ever.

    ``playbooks`` is a folder with site.yml, which obeys ``site_only`` (a group), and decommission.yml, which
    takes ``decommission_host``; a validate.yml there is asked before anything is changed. ``neighbour_tags``:
    what of site.yml the other machines need when one comes, goes or has other variables; for playbooks of
    your own they are yours, or none. ``leavers``: the groups whose machines decommission.yml takes down, in
    this order.
    ``vault_files`` are variables encrypted by ansible-vault, opened with ``vault_password_file``: they and
    ``private_key_file`` are read where Ansible runs, and only their paths are recorded.
    """

    machines: Mapping[str, MachineArgs]
    variables: Mapping[str, Any] = field(default_factory=dict)
    group_variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    playbooks: str | Path = PLAYBOOKS
    neighbour_tags: Sequence[str] = NEIGHBOUR_TAGS
    leavers: Sequence[str] = ("worker",)
    user: str | None = None
    private_key_file: str | Path | None = None
    vault_files: Sequence[str | Path] = ()
    vault_password_file: str | Path | None = None
    deletion_protection: bool = True

    def __post_init__(self) -> None:
        if not self.machines:
            raise InvalidArgs("machines", "none", "a pool has one or more", "add one, or remove the pool")
        for name in self.machines:
            check_text(
                "machines", name, _HOST, "is no host name (RFC 1123: a-z, 0-9 and -)", "rename the machine"
            )
        known = {group for machine in self.machines.values() for group in machine.groups}
        for group, variables in self.group_variables.items():
            _check_group("group_variables", group)
            if group not in known:
                raise InvalidArgs(
                    "group_variables", group, "no machine is in this group", "correct it, or remove it"
                )
            _check_variables(f"group_variables.{group}", variables)
        _check_variables("variables", self.variables)
        for listed in ("neighbour_tags", "leavers", "vault_files"):
            if isinstance(getattr(self, listed), str):
                given = getattr(self, listed)
                raise InvalidArgs(listed, given, "must be a list", f"write [{given}]")
        if self.vault_files and self.vault_password_file is None:
            raise InvalidArgs(
                "vault_password_file", "(missing)", "vault files need it", "name the file of their password"
            )

    def inventory(self) -> dict[str, Any]:
        """The machines in Ansible's YAML form."""
        shared = dict(self.variables) if self.user is None else {**self.variables, "ansible_user": self.user}
        groups: dict[str, Any] = {}
        for name, machine in sorted(self.machines.items()):
            bmc = machine.bmc.variables() if machine.bmc else {}
            told = {"ansible_host": machine.address, **machine.variables, **bmc}
            for number, group in enumerate(machine.groups):
                # what is told once, in the first group, holds in all
                hosts = groups.setdefault(
                    group, {"vars": dict(self.group_variables.get(group, {})), "hosts": {}}
                )
                hosts["hosts"][name] = {} if number else told
        return {"all": {"vars": shared, "children": groups}}


def _check_group(field: str, group: object) -> None:
    rule = "is no group's name (a-z, 0-9 and _)"
    check_text(field, group, _GROUP, rule, "rename it")
    if group in ("all", "ungrouped", "converging"):
        raise InvalidArgs(field, group, "is a name of Ansible's or ours", "rename it")


def _check_variables(field: str, variables: Mapping[str, Any]) -> None:
    for name in variables:
        check_text(field, name, _VARIABLE, "is no variable's name", "rename it")
