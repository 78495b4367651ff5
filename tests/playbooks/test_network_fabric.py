"""The program that sets the network between GPU hosts, with a stand-in for `ip` and no host."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = Path(__file__).resolve().parents[2] / "playbooks/roles/network/files/network_fabric.py"
_IP = """#!/bin/sh
state=$NETWORK_FABRIC_ROOT/mtu
case "$*" in
  *address) printf '[{"ifname":"lo","mtu":65536},{"ifname":"eth0","mtu":%s,"max_mtu":9216,' "$(cat "$state")"
    echo '"addr_info":[{"local":"10.0.0.1"}]}]' ;;
  "link set dev eth0 mtu "*) echo "$6" >"$state" ;;
  *) exit 1 ;;
esac
"""


@dataclass(frozen=True)
class _Host:
    root: Path

    def run(self, verb: str, asked: dict[str, Any] | None, code: int = 0) -> str:
        told = None if asked is None else json.dumps({"address": "10.0.0.1", **asked})
        done = subprocess.run(
            [sys.executable, str(_PROGRAM), verb, *([] if told else ["--kept"])],
            check=False, capture_output=True, text=True, input=told,
            env={"NETWORK_FABRIC_ROOT": str(self.root), "PATH": f"{self.root}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def port(self, device: str, state: str) -> None:
        file = self.root / "sys/class/infiniband" / device / "ports/1/state"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{state}\n")

    @property
    def nccl(self) -> list[str]:
        return (self.root / "etc/nccl.conf").read_text().splitlines()[1:]


@pytest.fixture
def host(tmp_path: Path) -> _Host:
    for folder in ("etc", "run"):
        (tmp_path / folder).mkdir()
    (tmp_path / "ip").write_text(_IP)
    (tmp_path / "ip").chmod(0o755)
    (tmp_path / "mtu").write_text("1500\n")
    return _Host(tmp_path)


def test_jumbo_frames_are_asked_for_set_found_and_given_up(host: _Host) -> None:
    asked = {"mtu": 9000}
    assert "eth0: MTU 1500, not 9000" in host.run("check", asked, 1)
    host.run("apply", asked)
    assert host.run("check", asked) == ""
    assert host.nccl == ["NCCL_SOCKET_IFNAME==eth0"]
    (host.root / "mtu").write_text("1500\n")
    assert host.run("check", None, 1) == "eth0: MTU 1500, not 9000\n"
    host.run("apply", None)
    host.run("apply", {})
    assert (host.root / "mtu").read_text() == "1500\n"


def test_nccl_is_told_of_the_topology_and_a_port_that_is_down_is_found(host: _Host) -> None:
    host.port("mlx5_0", "4: ACTIVE")
    host.port("mlx5_1", "4: ACTIVE")
    devices = ["mlx5_0", "mlx5_1"]
    host.run("apply", {"rdma": "roce", "devices": devices, "rails": True, "nccl": {"NCCL_DEBUG": "WARN"}})
    assert host.nccl == [
        "NCCL_CROSS_NIC=0",
        "NCCL_DEBUG=WARN",
        "NCCL_IB_GID_INDEX=3",
        "NCCL_IB_HCA==mlx5_0,mlx5_1",
        "NCCL_SOCKET_IFNAME==eth0",
    ]
    host.port("mlx5_1", "1: DOWN")
    assert host.run("check", None, 1) == "mlx5_1: port 1 is DOWN\n"
    assert "mlx5_1: port 1 is DOWN: is not mended from here" in host.run("apply", None, 2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"mtu": 65000}, "network_mtu: 65000: eth0 takes 9216 at most"),
        ({"interfaces": ["ib0"]}, "network_fabric_interfaces: ib0: is none of lo, eth0; correct it"),
        ({"address": "10.0.0.9"}, "ansible_host: 10.0.0.9: no interface has it"),
        (
            {"rdma": "infiniband", "devices": ["mlx5_0"]},
            "network_rdma_devices: mlx5_0: is not there (there: none)",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    host: _Host, asked: dict[str, Any], said: str
) -> None:
    assert said in host.run("apply", asked, 2)
    assert list((host.root / "etc").iterdir()) == []
