"""Which hosts are emulated, and what of them cannot be real, as a report says it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def emulated_said(hosts: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> str:
    """``; EMULATED: gpu (head-1, worker-1)``, by what the hosts say of themselves; empty: all are real."""
    told: dict[str, list[str]] = {}
    for name in names:
        local = hosts[name].get("ansible_facts", {}).get("ansible_local", {})
        if parts := local.get("datahall", {}).get("emulated", {}):
            told.setdefault(", ".join(sorted(parts)), []).append(name)
    return "".join(f"; EMULATED: {parts} ({', '.join(which)})" for parts, which in told.items())


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"emulated_said": emulated_said}
