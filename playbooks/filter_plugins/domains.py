"""The order of upgrade.yml: which nodes may be out of the queue at the same time."""

from collections.abc import Callable, Mapping
from typing import Any


def upgrade_domains(hosts: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The hosts in whose plan something changes, by failure domain: those of one switch, else each alone.

    Nodes of a switch fail together, so a job that asks for redundancy is not spread over one of them.
    """
    domains: dict[tuple[str, str], list[str]] = {}
    for name in sorted(hosts):
        if not hosts[name].get("upgrade_new"):
            continue
        switch = hosts[name].get("scheduler_switch")
        domain = ("switch", str(switch)) if switch else ("host", name)
        domains.setdefault(domain, []).append(name)
    return list(domains.values())


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"upgrade_domains": upgrade_domains}
