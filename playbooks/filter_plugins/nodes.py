"""What slurm.conf says of each node: as the node says of itself, else as it was written down last."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_USABLE = 0.95  # of the memory: the rest is the system's
_WRITTEN = re.compile(r"^NodeName=(\S+) .*\bCPUs=(\d+) RealMemory=(\d+)\b", re.MULTILINE)


def slurm_nodes(
    workers: Sequence[str], hosts: Mapping[str, Mapping[str, Any]], written: str = ""
) -> dict[str, dict[str, int]]:
    """Worker -> ``cpus`` and ``memory`` (MB), in the order given.

    ``written``: the lines of the slurm.conf that is in force. A node that does not answer stays as it is
    there; one that neither answers nor was ever written down is left out: its size is not known.
    """
    former = {name: (int(cpus), int(memory)) for name, cpus, memory in _WRITTEN.findall(written)}
    nodes = {}
    for name in workers:
        facts = hosts[name].get("ansible_facts", {})
        if "processor_vcpus" in facts:
            cpus, memory = int(facts["processor_vcpus"]), int(facts["memtotal_mb"] * _USABLE)
        elif name in former:
            cpus, memory = former[name]
        else:
            continue
        nodes[name] = {"cpus": cpus, "memory": memory}
    return nodes


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"slurm_nodes": slurm_nodes}
