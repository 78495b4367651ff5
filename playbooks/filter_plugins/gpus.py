"""What Slurm and Prometheus are told of hosts' GPUs, by the roles' own variables."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def gpu_gres(variables: Mapping[str, Any], model: str) -> list[dict[str, Any]]:
    """Generic resources of a host: ``type``, ``count``, and ``devices`` as gres.conf names them.

    A MIG instance is the GPU and two capabilities of the driver, whose numbers another boot may change: the
    links that gpu-settings makes lead to them.
    """
    count = int(variables.get("gpu_count", 0))
    profiles = sorted(variables.get("gpu_mig_profiles", []))
    if not count:
        return []
    if not profiles:
        return [{"type": model, "count": count, "devices": f"File=/dev/nvidia[0-{count - 1}]"}]
    made = []
    for gpu in range(count):
        seen: Counter[str] = Counter()
        for profile in profiles:
            link = f"/dev/gpu-mig/{gpu}/{profile}/{seen[profile]}"
            devices = f"MultipleFiles=/dev/nvidia{gpu},{link}/gpu,{link}/compute"
            made.append({"type": profile, "count": 1, "devices": devices})
            seen[profile] += 1
    return made


def gres_counts(gres: list[dict[str, Any]]) -> str:
    """The same as slurm.conf names them: ``gpu:h100:8``."""
    counts: Counter[str] = Counter()
    for each in gres:
        counts[each["type"]] += each["count"]
    return ",".join(f"gpu:{kind}:{count}" for kind, count in sorted(counts.items()))


def gpu_exporters(hosts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those of the hosts that export DCGM's metrics: ``host``, and ``target`` as Prometheus names it."""
    return [
        {
            "host": each["inventory_hostname"],
            "target": f"{each.get('ansible_host', each['inventory_hostname'])}:"
            f"{each.get('gpu_exporter_port', 9400)}",
        }
        for each in hosts
        if int(each.get("gpu_count", 0)) and each.get("gpu_exporter", True)
    ]


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"gpu_gres": gpu_gres, "gres_counts": gres_counts, "gpu_exporters": gpu_exporters}
