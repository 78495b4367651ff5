"""What validate.yml looks for, tried without hosts: one sound inventory, and one thing broken at a time."""

from copy import deepcopy
from typing import Any

import pytest

from playbooks.filter_plugins.cluster import cluster_problems
from playbooks.filter_plugins.gpu_problems import gpu_problems

_GROUPS = {
    "all": ["head-1", "worker-1"],
    "head": ["head-1"],
    "worker": ["worker-1"],
    "model": ["worker-1"],
    "edge": ["worker-1"],
}
_SERVED = {
    "serving_model": "mnist",
    "serving_python": "/opt/python",
    "serving_site": {"region": "us-west-2"},
    "serving_token_file": "/etc/token",
}


def _host(address: str, machine: str) -> dict[str, Any]:
    return {
        "ansible_host": address,
        "ansible_user": "ops",
        "network_cluster_cidr": "198.18.0.0/24",
        "validate_sudo": {"rc": 0},
        "ansible_facts": {
            "distribution": "Debian",
            "distribution_major_version": "12",
            "memtotal_mb": 4096,
            "mounts": [{"mount": "/", "size_available": 2**34}],
            "machine_id": machine,
            "date_time": {"epoch": "1000"},
        },
    }


def _sound() -> dict[str, dict[str, Any]]:
    gpus = {
        "gpu_count": 8,
        "gpu_driver_packages": ["nvidia-driver=535.183.01-1"],
        "gpu_toolkit_packages": ["nvidia-container-toolkit"],
        "gpu_exporter_packages": ["datacenter-gpu-manager-exporter"],
    }
    return {"head-1": _host("198.18.0.10", "a"), "worker-1": {**_host("198.18.0.101", "b"), **gpus}}


def _problems(hosts: dict[str, dict[str, Any]], groups: dict[str, list[str]]) -> list[str]:
    return [*cluster_problems(hosts, groups), *gpu_problems(hosts, groups)]


def test_a_sound_inventory_has_no_problems() -> None:
    assert _problems(_sound(), _GROUPS) == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"ansible_host": "head"}, "worker-1: ansible_host: head: is no IPv4 address; give one"),
        ({"ansible_host": "198.18.0.10"}, "worker-1: ansible_host: 198.18.0.10: is head-1's as well"),
        ({"ansible_host": "198.18.1.1"}, "is outside network_cluster_cidr (198.18.0.0/24)"),
        ({"ansible_user": "root"}, "worker-1: ansible_user: root: root may not log in"),
        ({"network_cluster_cidr": "10.0.0.1/8"}, "network_cluster_cidr: 10.0.0.1/8: is no network"),
        ({"network_admin_cidrs": ["0.0.0.0/0"]}, "0.0.0.0/0: lets everyone reach ssh"),
        ({"gpu_driver_packages": []}, "gpu_driver_packages: none: a host with GPUs needs a driver"),
        ({"gpu_count": True}, "gpu_count: True: is no number of GPUs"),
        ({"gpu_count": -1}, "gpu_count: -1: is no number of GPUs"),
        ({"gpu_toolkit_packages": []}, "gpu_toolkit_packages: none: containerd is to know NVIDIA's runtime"),
        ({"gpu_exporter_packages": []}, "gpu_exporter_packages: none: the GPUs are to be measured; name"),
        ({"gpu_nvswitch": True}, "gpu_fabric_packages: none: NVSwitches need a fabric manager"),
        (
            {"gpu_nvswitch": True, "gpu_fabric_packages": ["nvidia-fabricmanager-550=550.54.15-1"]},
            "gpu_fabric_packages: 550.54.15: is not the driver's version (535.183.01); pin both to one",
        ),
        ({"gpu_power_limit": "much"}, "gpu_power_limit: much: is no number of watts"),
        ({"gpu_clocks": [1500, 1200]}, "gpu_clocks: [1500, 1200]: is no lowest and highest MHz"),
        ({"gpu_mig_profiles": ["half"]}, "gpu_mig_profiles: half: is no MIG profile"),
        ({"gpu_mig_profiles": "3g.40gb"}, "gpu_mig_profiles: 3g.40gb: is no list of profiles"),
        ({"gpu_power_limit": 500, "gpu_persistence": False}, "gpu_persistence: False: a driver that leaves"),
        ({"gpu_exporter_port": 0}, "gpu_exporter_port: 0: is no port"),
        ({"network_mtu": 90}, "worker-1: network_mtu: 90: is no MTU from 1280 to 65520"),
        (
            {"network_rdma": "ib"},
            "network_rdma: ib: is no kind of RDMA; write as_is, none, infiniband or roce",
        ),
        ({"network_rdma": "roce"}, "network_rdma_devices: none: does not go with network_rdma: roce"),
        ({"gpu_cuont": 8}, "gpu_cuont: set: no role knows this variable; did you mean gpu_count?"),
        ({"base_users": [{"name": "0ada", "keys": ["k"]}]}, "base_users: 0ada: is no login name"),
        ({"scheduler_munge_key": "x" * 31}, "scheduler_munge_key: 31 characters: must have 32 to 1024"),
        ({"edge_certificate": "pem"}, "worker-1: edge_private_key: none: is given without the other"),
        ({"edge_private_key": "hunter2"}, "worker-1: edge_certificate: none: is given without the other"),
        ({"edge_model_group": "models"}, "worker-1: edge_model_group: models: is no group with hosts"),
        ({"edge_clients_cidr": "all"}, "worker-1: edge_clients_cidr: all: is no network"),
        (
            {**_SERVED, "serving_python": ""},
            "worker-1: serving_python: none: a model server is the workloads'",
        ),
        ({**_SERVED, "serving_site": {}}, "worker-1: serving_site: none: a model server needs to find the"),
        ({**_SERVED, "serving_token_file": ""}, "serving_token or serving_token_file: none: whoever reaches"),
        ({"backup_schedule": "daily"}, "backup_password_file: none: a backup by the clock needs a password"),
        ({"repair_bmc": "10.20.9.1"}, "worker-1: repair_bmc: 10.20.9.1: is no controller; write it as https"),
        ({"repair_bmc": "https://a:b@10.20.9.1"}, "repair_bmc: (not shown): is no controller; write it as"),
        ({"repair_bmc_system": "1"}, "repair_bmc_system: 1: no controller is named; name repair_bmc"),
        (
            {"repair_bmc": "https://10.20.9.1", "repair_bmc_credentials": "/none"},
            "worker-1: repair_bmc_credentials: /none: is no file of this machine",
        ),
        ({"storage_exports": [{}]}, "worker-1: storage_exports: set: the firewall lets nobody reach"),
        ({"storage_mounts": [{"server": "nas"}]}, "storage_mounts.server: nas: is no host of the inventory"),
        ({"storage_volumes": [{"device": "/dev/a"}] * 2}, "storage_volumes.device: /dev/a: is there twice"),
        ({"validate_sudo": {"rc": 1}}, "sudo: ops: may not use sudo without a password"),
        ({"ansible_facts": {}}, "worker-1: ssh: 198.18.0.101: did not answer"),
    ],
)
def test_one_fault_is_one_problem(variables: dict[str, Any], problem: str) -> None:
    hosts = _sound()
    hosts["worker-1"].update(variables)
    (found,) = _problems(hosts, _GROUPS)
    assert problem in found


@pytest.mark.parametrize(
    ("fact", "value", "problem"),
    [
        ("distribution_major_version", "11", "system: Debian 11: is not Debian 12; install that"),
        ("memtotal_mb", 512, "memory: 512 MB: is less than 1024 MB"),
        ("mounts", [{"mount": "/", "size_available": 2**20}], "disk: 1 MB free: is less than 2048 MB"),
        ("machine_id", "a", "worker-1: machine-id: a: is another host's as well"),
        ("date_time", {"epoch": "9000"}, "clock: +4000 s: is more than 60 s off the others"),
    ],
)
def test_what_a_host_says_of_itself_is_judged(fact: str, value: object, problem: str) -> None:
    hosts = deepcopy(_sound())
    hosts["worker-1"]["ansible_facts"][fact] = value
    assert any(problem in found for found in _problems(hosts, _GROUPS))


def test_a_secret_is_never_shown() -> None:
    hosts = _sound()
    hosts["worker-1"]["scheduler_munge_key"] = "hunter2"
    assert "hunter2" not in "".join(_problems(hosts, _GROUPS))


def test_model_servers_with_tokens_of_their_own_are_told_and_no_token_is() -> None:
    hosts = _sound()
    hosts["head-1"].update(_SERVED)
    hosts["worker-1"].update({**_SERVED, "serving_token_file": "", "serving_token": "hunter2"})
    (found,) = _problems(hosts, {**_GROUPS, "model": ["head-1", "worker-1"]})
    assert found.startswith(
        "head-1, worker-1: serving_token or serving_token_file: several: are not the same"
    )
    assert "hunter2" not in found


def test_groups_without_a_head_or_workers_are_told() -> None:
    found = _problems({"one": _host("198.18.0.10", "a")}, {"all": ["one"]})
    assert [line.split(":")[1].strip() for line in found] == ["head", "worker"]
