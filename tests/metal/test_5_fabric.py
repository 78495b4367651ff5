"""The network between workers: jumbo frames that pass, hold over a boot and are mended; what NCCL is told."""

import json

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_JUMBO = {"network_mtu": 9000, "network_nccl": {"NCCL_DEBUG": "WARN"}}
_WHOLE = "ping -c 1 -W 5 -M do -s 8972 198.18.0.102"


def _fabric(site: Site, asked: dict[str, object], *more: str) -> Run:
    return site.playbook(
        "site.yml", "--limit", "worker", "--tags", "network_fabric", "-e", json.dumps(asked), *more
    )


def test_jumbo_frames_pass_hold_over_a_boot_and_are_mended(converged: Site) -> None:
    assert converged.try_ssh("worker-1", _WHOLE).returncode != 0
    _fabric(converged, _JUMBO).succeeded()
    assert set(_fabric(converged, _JUMBO).succeeded().changed.values()) == {0}
    converged.ssh("worker-1", _WHOLE)
    hosts.stop(converged.folder, "worker-1")
    hosts.start(converged.folder, "worker-1")
    converged.ssh("worker-1", _WHOLE)
    converged.playbook("acceptance.yml", "-e", json.dumps(_JUMBO)).succeeded()
    converged.ssh("worker-1", "sudo ip link set dev host0 mtu 1400")
    assert "host0: MTU 1400, not 9000" in converged.try_ssh("worker-1", "sudo node-health").stdout
    assert _fabric(converged, _JUMBO, "--check").succeeded().changed == {"worker-1": 1, "worker-2": 0}
    _fabric(converged, _JUMBO).succeeded()
    converged.ssh("worker-1", _WHOLE)
    told = converged.ssh("worker-1", "cat /etc/nccl.conf").splitlines()
    assert told[1:] == ["NCCL_DEBUG=WARN", "NCCL_SOCKET_IFNAME==host0"]
    _fabric(converged, {}).succeeded()
    assert converged.ssh("worker-1", "cat /sys/class/net/host0/mtu").strip() == "1500"
    converged.take_back("worker-1")


def test_an_adapter_that_is_not_there_ends_it(converged: Site) -> None:
    run = _fabric(converged, {"network_rdma": "infiniband", "network_rdma_devices": ["mlx5_0"]})
    assert run.code != 0
    assert "network_rdma_devices: mlx5_0: is not there" in run.said
