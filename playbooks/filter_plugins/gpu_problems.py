"""Looks for every problem of the GPUs and of the network between them at once; used by validate.yml.

Pure functions of the inventory's variables and of what the hosts said, as in cluster.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Variables = Mapping[str, Any]
Hosts = Mapping[str, Variables]
Groups = Mapping[str, Sequence[str]]

_MIG = re.compile(r"[1-7]g\.[0-9]+gb(\+[a-z.]+)*")
# what must be named on real hosts, where what (true or false by default), why, and what to do
_GPU_PACKAGES = (
    (
        "gpu_driver_packages",
        "gpu_count",
        0,
        "a host with GPUs needs a driver",
        "name the packages of your driver's branch",
    ),
    ("gpu_fabric_packages", "gpu_nvswitch", False, "NVSwitches need a fabric manager", "name its packages"),
    (
        "gpu_toolkit_packages",
        "gpu_containers",
        True,
        "containerd is to know NVIDIA's runtime",
        "name NVIDIA's container toolkit's, or set gpu_containers: false",
    ),
    (
        "gpu_exporter_packages",
        "gpu_exporter",
        True,
        "the GPUs are to be measured",
        "name the DCGM exporter's, or set gpu_exporter: false",
    ),
)


def gpu_problems(hosts: Hosts, groups: Groups) -> list[str]:
    """Every problem as ``field: value: rule; fix``, sorted."""
    ours = {name: dict(hosts[name]) for name in groups["all"]}
    return sorted({problem for check in _CHECKS for problem in check(ours, groups)})


def _problem(where: str, field: str, value: object, rule: str, fix: str) -> str:
    return f"{where}: {field}: {value}: {rule}; {fix}"


def _fabrics(hosts: Hosts, groups: Groups) -> Iterator[str]:
    for name in groups.get("worker", []):
        variables = hosts[name]
        mtu, rdma = variables.get("network_mtu", 0), variables.get("network_rdma", "as_is")
        devices = variables.get("network_rdma_devices", [])
        if not _whole(mtu) or (mtu and not 1280 <= mtu <= 65520):
            yield _problem(
                name, "network_mtu", mtu, "is no MTU from 1280 to 65520", "write 9000, or 0 for as it is"
            )
        if rdma not in ("as_is", "none", "infiniband", "roce"):
            yield _problem(
                name, "network_rdma", rdma, "is no kind of RDMA", "write as_is, none, infiniband or roce"
            )
        elif (rdma in ("infiniband", "roce")) != bool(devices):
            shown, fix = ", ".join(map(str, devices)) or "none", "name devices where it is infiniband or roce"
            yield _problem(name, "network_rdma_devices", shown, f"does not go with network_rdma: {rdma}", fix)
    mtus = {str(hosts[name].get("network_mtu", 0)) for name in groups.get("worker", [])}
    if len(mtus) > 1:
        rule = "workers differ, and what one sends another drops"
        yield _problem("inventory", "network_mtu", ", ".join(sorted(mtus)), rule, "give all of them one")


def _gpus(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        count = variables.get("gpu_count", 0)
        if isinstance(count, bool) or not str(count).isdigit():
            yield _problem(name, "gpu_count", count, "is no number of GPUs", "write 0 or more")


def _gpu_settings(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        limit, clocks = variables.get("gpu_power_limit", 0), variables.get("gpu_clocks", [])
        profiles = variables.get("gpu_mig_profiles", [])
        if not _whole(limit):
            yield _problem(
                name, "gpu_power_limit", limit, "is no number of watts", "write 500, or 0 for none"
            )
        if not _pair(clocks):
            fix = "write [1200, 1500], or [] for none"
            yield _problem(name, "gpu_clocks", clocks, "is no lowest and highest MHz", fix)
        if not isinstance(profiles, list):
            fix = "write [3g.40gb, 3g.40gb], or [] for none"
            yield _problem(name, "gpu_mig_profiles", profiles, "is no list of profiles", fix)
            profiles = []
        for profile in profiles:
            if not _MIG.fullmatch(str(profile)):
                rule = "is no MIG profile"
                yield _problem(
                    name, "gpu_mig_profiles", profile, rule, "write it as nvidia-smi mig -lgip does"
                )
        if (limit or clocks) and not variables.get("gpu_persistence", True):
            fix = "leave it out, or set nothing else"
            rule = "a driver that leaves a GPU forgets gpu_power_limit and gpu_clocks"
            yield _problem(name, "gpu_persistence", "False", rule, fix)
        port = variables.get("gpu_exporter_port", 9400)
        if not _whole(port) or not 0 < port < 65536:
            yield _problem(name, "gpu_exporter_port", port, "is no port", "write 9400")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pair(value: object) -> bool:
    if not isinstance(value, list) or not all(map(_whole, value)):
        return False
    return not value or (len(value) == 2 and value == sorted(value))


def _drivers(hosts: Hosts, _: Groups) -> Iterator[str]:
    for name, variables in hosts.items():
        facts = variables.get("ansible_facts", {})
        emulated = facts.get("ansible_local", {}).get("datahall", {}).get("emulated", {})
        wanted = str(variables.get("gpu_count", 0)) not in {"0", "False"}
        # a host that does not answer is told as that
        if not wanted or "gpu" in emulated or "distribution" not in facts:
            continue
        for needed, switch, default, rule, fix in _GPU_PACKAGES:
            if variables.get(switch, default) and not variables.get(needed):
                yield _problem(name, needed, "none", rule, fix)
        yield from _fabric(name, variables)


def _fabric(name: str, variables: Variables) -> Iterator[str]:
    """A fabric manager of another version than the driver's does not start."""
    pins = {
        field: {
            str(each).partition("=")[2].partition("-")[0]
            for each in variables.get(field, [])
            if "=" in str(each)
        }
        for field in ("gpu_driver_packages", "gpu_fabric_packages")
    }
    driver, fabric = pins["gpu_driver_packages"], pins["gpu_fabric_packages"]
    if variables.get("gpu_nvswitch") and driver and fabric - driver:
        shown, rule = (
            ", ".join(sorted(fabric - driver)),
            f"is not the driver's version ({', '.join(sorted(driver))})",
        )
        yield _problem(name, "gpu_fabric_packages", shown, rule, "pin both to one")


_CHECKS: tuple[Callable[[Hosts, Groups], Iterator[str]], ...] = (_fabrics, _gpus, _gpu_settings, _drivers)


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"gpu_problems": gpu_problems}
