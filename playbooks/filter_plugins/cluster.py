"""Looks for every problem of an inventory and its hosts at once; used by validate.yml.

Pure functions of the inventory's variables and of what the hosts said: nothing is changed anywhere.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from statistics import median
from typing import Any

import yaml

Variables = Mapping[str, Any]
Hosts = Mapping[str, Variables]
Groups = Mapping[str, Sequence[str]]

_ROLES = Path(__file__).resolve().parent.parent / "roles"
_OS = ("Debian", "12")
_MIN_MEMORY_MB, _MIN_DISK_MB, _MAX_SKEW_S = 1024, 2048, 60
_LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERVING = (
    ("serving_python", "a model server is the workloads' Python", "name one that has them on the host"),
    ("serving_site", "a model server needs to find the registry", "give the stack's outputs"),
    ("serving_token or serving_token_file", "whoever reaches it could ask it", "name a file for a token"),
)
"""What a model server cannot do without: the variable, the rule, the fix."""
_BMC = re.compile(r"https://[^\s/?#@]+/?")
_PORTS = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?")


def cluster_problems(hosts: Hosts, groups: Groups) -> list[str]:
    """Every problem as ``field: value: rule; fix``, sorted."""
    ours = {name: dict(hosts[name]) for name in groups["all"]}
    return sorted({problem for check in _CHECKS for problem in check(ours, groups)})


def _problem(where: str, field: str, value: object, rule: str, fix: str) -> str:
    return f"{where}: {field}: {value}: {rule}; {fix}"


def _group_sizes(_: Hosts, groups: Groups) -> Iterator[str]:
    heads = groups.get("head", [])
    if len(heads) != 1:
        shown = ", ".join(heads) or "none"
        yield _problem("inventory", "head", shown, "there must be one head", "put one host into group head")
    if not groups.get("worker"):
        yield _problem("inventory", "worker", "none", "there must be workers", "put hosts into group worker")


def _names(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name in hosts:
        if not _NAME.fullmatch(name):
            rule = "is no host name (RFC 1123: a-z, 0-9 and -)"
            yield _problem(name, "inventory_hostname", name, rule, "rename it")


def _addresses(hosts: Hosts, _: Groups) -> Iterator[str]:
    known: dict[str, str] = {}
    for name, variables in hosts.items():
        value = str(variables.get("ansible_host", ""))
        address = _address(value)
        if address is None:
            yield _problem(name, "ansible_host", value or "none", "is no IPv4 address", "give one")
            continue
        if value in known:
            rule = f"is {known[value]}'s as well"
            yield _problem(name, "ansible_host", value, rule, "give each host its own")
        known.setdefault(value, name)
        cidr = _network(variables.get("network_cluster_cidr", "0.0.0.0/0"))
        if cidr is not None and address not in cidr:
            rule = f"is outside network_cluster_cidr ({cidr})"
            yield _problem(name, "ansible_host", value, rule, "correct one of them")


def _networks(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        cidr = variables.get("network_cluster_cidr")
        if cidr is not None and _network(cidr) is None:
            yield _problem(name, "network_cluster_cidr", cidr, "is no network", "write it as 10.20.0.0/22")
        for admin in variables.get("network_admin_cidrs", []):
            if (network := _network(admin)) is None:
                yield _problem(
                    name, "network_admin_cidrs", admin, "is no network", "write it as 10.20.0.0/28"
                )
            elif network.prefixlen == 0:
                yield _problem(
                    name,
                    "network_admin_cidrs",
                    admin,
                    "lets everyone reach ssh",
                    "name the networks of people",
                )


def _allowances(hosts: Hosts, groups: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        for rule in variables.get("network_allowances_more", []):
            where = f"network_allowances_more[{rule.get('name', '?')}]"
            if rule.get("to") not in groups:
                yield _problem(name, f"{where}.to", rule.get("to"), "is no group", "name a group of hosts")
            if rule.get("from") not in groups and _network(rule.get("from")) is None:
                yield _problem(
                    name, f"{where}.from", rule.get("from"), "is neither group nor network", "name one"
                )
            for ports in rule.get("ports", []):
                if not _PORTS.fullmatch(str(ports)):
                    yield _problem(name, f"{where}.ports", ports, "is no port", "write 443 or 8000-8100")


def _edge(hosts: Hosts, groups: Groups) -> Iterator[str]:
    for name in groups.get("edge", []):
        variables = hosts[name]
        behind = variables.get("edge_model_group", "model")
        if not groups.get(behind):
            fix = "name the group whose hosts run model servers"
            yield _problem(name, "edge_model_group", behind, "is no group with hosts", fix)
        given = [bool(variables.get(part)) for part in ("edge_certificate", "edge_private_key")]
        if given[0] is not given[1]:
            missing = "edge_private_key" if given[0] else "edge_certificate"
            yield _problem(name, missing, "none", "is given without the other", "give both, or neither")
        clients = variables.get("edge_clients_cidr")
        if clients is not None and _network(clients) is None:
            yield _problem(name, "edge_clients_cidr", clients, "is no network", "write it as 10.20.0.0/22")


def _serving(hosts: Hosts, groups: Groups) -> Iterator[str]:
    serving = [name for name in groups.get("model", []) if hosts[name].get("serving_model")]
    for name in serving:
        for field, rule, fix in _SERVING:
            if not any(hosts[name].get(part) for part in field.split(" or ")):
                yield _problem(name, field, "none", rule, fix)
    fields = ("serving_token", "serving_token_file")
    given = {tuple(hosts[name].get(field) or "" for field in fields) for name in serving}
    if len(given - {("", "")}) > 1:
        rule = "are not the same, and clients and Prometheus send one to all"
        yield _problem(", ".join(serving), " or ".join(fields), "several", rule, "set it for group model")


def _storage(hosts: Hosts, groups: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        if variables.get("storage_exports") and name not in groups.get("storage", []):
            rule = "the firewall lets nobody reach what it serves"
            yield _problem(name, "storage_exports", "set", rule, "put the host into group storage")
        for mount in variables.get("storage_mounts", []):
            if (server := mount.get("server")) not in hosts:
                rule = "is no host of the inventory"
                yield _problem(name, "storage_mounts.server", server, rule, "name the host that serves it")
        devices = Counter(str(volume.get("device")) for volume in variables.get("storage_volumes", []))
        for device, times in devices.items():
            if times > 1:
                fix = "give each volume its own device"
                yield _problem(name, "storage_volumes.device", device, "is there twice", fix)


def _users(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        if variables.get("ansible_user") == "root":
            yield _problem(
                name, "ansible_user", "root", "root may not log in once ssh is hardened", "use one with sudo"
            )
        for user in variables.get("base_users", []):
            login = str(user.get("name", ""))
            if not _LOGIN.fullmatch(login):
                yield _problem(
                    name, "base_users", login or "none", "is no login name", "write a-z, 0-9, _, -"
                )
            if not user.get("keys"):
                yield _problem(
                    name, f"base_users[{login}].keys", "none", "could never log in", "give ssh keys"
                )


def _backups(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        given = any(variables.get(f"backup_password{each}") for each in ("", "_file"))
        if variables.get("backup_schedule") and not given:
            rule, fix = (
                "a backup by the clock needs a password",
                "name a file for it, or give it from a vault",
            )
            yield _problem(name, "backup_password_file", "none", rule, fix)


def _controllers(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        bmc = variables.get("repair_bmc", "")
        if bmc and not _BMC.fullmatch(str(bmc)):
            shown = "(not shown)" if "@" in str(bmc) else bmc  # a password may stand before it
            yield _problem(name, "repair_bmc", shown, "is no controller", "write it as https://10.20.9.1")
        for part in ("system", "credentials", "ca"):
            field, told = f"repair_bmc_{part}", variables.get(f"repair_bmc_{part}")
            if told and not bmc:
                yield _problem(name, field, told, "no controller is named", "name repair_bmc")
            if told and part != "system" and not Path(str(told)).is_file():
                yield _problem(name, field, told, "is no file of this machine", "correct it")


def _munge_key(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        key = variables.get("scheduler_munge_key", "")
        if key and not 32 <= len(str(key)) <= 1024:
            yield _problem(
                name, "scheduler_munge_key", f"{len(str(key))} characters", "must have 32 to 1024",
                "make a longer one, or none at all",
            )  # fmt: skip


def _spelling(hosts: Hosts, _: Groups) -> Iterator[str]:
    known = role_variables(_ROLES)
    prefixes = tuple(f"{role.name}_" for role in _ROLES.iterdir())
    for name, variables in hosts.items():
        for key in variables:
            if key.startswith(prefixes) and key not in known:
                near = get_close_matches(key, known, n=1)
                fix = f"did you mean {near[0]}?" if near else "see the roles' argument_specs.yml"
                yield _problem(name, key, "set", "no role knows this variable", fix)


def role_variables(roles: Path) -> set[str]:
    """Every variable that a role declares."""
    specs = [yaml.safe_load(file.read_text()) for file in roles.glob("*/meta/argument_specs.yml")]
    return {name for spec in specs for name in spec["argument_specs"]["main"]["options"]}


def _reached(hosts: Hosts) -> dict[str, Variables]:
    facts = {name: variables.get("ansible_facts", {}) for name, variables in hosts.items()}
    return {name: fact for name, fact in facts.items() if fact.get("distribution")}


def _unreachable(hosts: Hosts, _: Groups) -> Iterator[str]:
    reached = _reached(hosts)
    for name, variables in hosts.items():
        address = variables.get("ansible_host", name)
        if name not in reached:
            yield _problem(
                name, "ssh", address, "did not answer", "put it on, or check address, key and account"
            )
        elif variables.get("validate_sudo", {}).get("rc", 1) != 0:
            user = variables.get("ansible_user", "the account")
            yield _problem(name, "sudo", user, "may not use sudo without a password", "add it to sudoers")


def _systems(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, facts in _reached(hosts).items():
        system = (facts["distribution"], facts["distribution_major_version"])
        if system != _OS:
            yield _problem(name, "system", " ".join(system), f"is not {' '.join(_OS)}", "install that")
        if facts["memtotal_mb"] < _MIN_MEMORY_MB:
            rule = f"is less than {_MIN_MEMORY_MB} MB"
            yield _problem(name, "memory", f"{facts['memtotal_mb']} MB", rule, "give it more")
        for mount in facts.get("mounts", []):
            free = int(mount["size_available"]) // 2**20
            if mount["mount"] == "/" and free < _MIN_DISK_MB:
                yield _problem(
                    name, "disk", f"{free} MB free", f"is less than {_MIN_DISK_MB} MB", "make room"
                )


def _clones(hosts: Hosts, _: Groups) -> Iterator[str]:
    machines = {name: str(facts.get("machine_id", "")) for name, facts in _reached(hosts).items()}
    times = Counter(machines.values())
    for name, machine in machines.items():
        if times[machine] > 1:
            fix = "empty /etc/machine-id and reboot"
            yield _problem(name, "machine-id", machine or "none", "is another host's as well", fix)


def _clocks(hosts: Hosts, _: Groups) -> Iterator[str]:
    clocks = {name: float(facts["date_time"]["epoch"]) for name, facts in _reached(hosts).items()}
    if not clocks:
        return
    middle = median(clocks.values())
    for name, clock in clocks.items():
        if abs(clock - middle) > _MAX_SKEW_S:
            rule = f"is more than {_MAX_SKEW_S} s off the others"
            yield _problem(name, "clock", f"{clock - middle:+.0f} s", rule, "set it")


def _address(value: object) -> IPv4Address | None:
    try:
        return IPv4Address(str(value))
    except ValueError:
        return None


def _network(value: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(value))
    except ValueError:
        return None


_CHECKS: tuple[Callable[[Hosts, Groups], Iterator[str]], ...] = (
    _group_sizes, _names, _addresses, _networks, _allowances, _edge, _serving, _storage,
    _users, _backups, _controllers, _munge_key, _spelling, _unreachable, _systems, _clones, _clocks,
)  # fmt: skip


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"cluster_problems": cluster_problems}
