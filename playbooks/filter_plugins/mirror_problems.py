"""Looks for every problem of the site's package mirror at once; used by validate.yml.

A pure function of the inventory's variables and of what apt said of the folder, as in cluster.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

Variables = Mapping[str, Any]
Hosts = Mapping[str, Variables]
Groups = Mapping[str, Sequence[str]]

_SHARED = ("mirror_folder", "mirror_suite", "mirror_components", "mirror_key", "mirror_port")
"""What is the same for all hosts: one serves, the others install."""


def mirror_problems(hosts: Hosts, groups: Groups) -> list[str]:
    """Every problem as ``field: value: rule; fix``, sorted."""
    ours = {name: hosts[name] for name in groups["all"]}
    return sorted({*_sources(ours), *_mirror(ours, groups.get("mirror", []))})


def _sources(hosts: Hosts) -> Iterator[str]:
    for name, variables in hosts.items():
        if variables.get("base_apt_sources_only") and not variables.get("base_apt_sources", ["the mirror"]):
            fix = "name one, or put a host into group mirror"
            yield f"{name}: base_apt_sources: none: apt would have no source; {fix}"


def _mirror(hosts: Hosts, mirrors: Sequence[str]) -> Iterator[str]:
    if not mirrors:
        return
    if len(mirrors) > 1:
        fix = "put one host into group mirror"
        yield f"inventory: mirror: {', '.join(mirrors)}: there must be one mirror; {fix}"
    for field in _SHARED:
        values = sorted({str(variables.get(field, "none")) for variables in hosts.values()})
        if len(values) > 1:
            shown = f"{len(values)} keys" if field == "mirror_key" else ", ".join(values)
            yield f"inventory: {field}: {shown}: must be the same for all hosts; give it in all: vars"
    for name in mirrors:
        variables = hosts[name]
        clients = variables.get("mirror_clients_cidr")
        if clients is not None and not _is_network(clients):
            yield f"{name}: mirror_clients_cidr: {clients}: is no network; write it as 10.20.0.0/22"
        port = variables.get("mirror_port", 80)
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
            yield f"{name}: mirror_port: {port}: is no port; write one from 1 to 65535"
        for line in variables.get("_mirror_asked", {}).get("stdout_lines", []):
            yield f"{name}: {line}"


def _is_network(value: object) -> bool:
    try:
        IPv4Network(str(value))
    except ValueError:
        return False
    return True


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"mirror_problems": mirror_problems}
