"""A pool's machines: the emulated hosts' inventory, any that Ansible reads, and what is refused of one."""

import json
from pathlib import Path

import pytest

from datahall.sandbox.hosts import api
from stacks.blocks import BareMetalSettings
from stacks.errors import InvalidSettings
from stacks.machines import EMULATED, VARIABLE, pool_args

INVENTORIES = Path(__file__).parents[2] / "playbooks" / "inventory"


def _refused(inventory: str) -> str:
    with pytest.raises(InvalidSettings) as caught:
        pool_args(BareMetalSettings(inventory=inventory), deletion_protection=True)
    [line] = caught.value.problems
    return line


def test_emulated_hosts_are_a_pool_with_what_their_inventory_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "inventory.json"
    file.write_text(json.dumps(api.planned(tmp_path, workers=3)))
    monkeypatch.setenv(VARIABLE, str(file))
    pool = pool_args(BareMetalSettings(inventory=EMULATED, leavers=[]), deletion_protection=False)
    assert list(pool.machines) == ["head-1", "service-1", "worker-1", "worker-2", "worker-3"]
    assert pool.machines["worker-3"].address == "198.18.0.103"
    assert pool.machines["worker-3"].groups == ["worker"]
    assert pool.group_variables == {"worker": {"gpu_count": 8, "gpu_nvswitch": True}}
    assert pool.variables["network_cluster_cidr"] == "198.18.0.0/24"
    assert pool.leavers == []
    assert not pool.deletion_protection


def test_real_hosts_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    pool = pool_args(
        BareMetalSettings(inventory=str(INVENTORIES / "example.yml"), private_key_file="~/.ssh/ops"),
        deletion_protection=True,
    )
    assert list(pool.machines) == ["head-1", "service-1", "worker-1", "worker-2"]
    assert pool.machines["service-1"].groups == ["edge", "service"]
    assert pool.machines["worker-2"].address == "10.20.1.2"
    told = pool.machines["worker-2"].variables
    assert (told["gpu_count"], told["scheduler_switch"], told["ansible_user"]) == (8, "rack-b", "ops")
    assert pool.private_key_file == "~/.ssh/ops"

    (tmp_path / "hosts.ini").write_text(
        "[rack_a]\nnode-[1:2] ansible_host=10.0.0.1\n[worker:children]\nrack_a\n[worker:vars]\ngpu_count=4\n"
    )
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "rack_a.yml").write_text("scheduler_switch: a\n")
    pool = pool_args(BareMetalSettings(inventory=str(tmp_path / "hosts.ini")), deletion_protection=True)
    assert {name: sorted(machine.groups) for name, machine in pool.machines.items()} == {
        "node-1": ["rack_a", "worker"],
        "node-2": ["rack_a", "worker"],
    }
    assert pool.machines["node-1"].variables == {"gpu_count": 4, "scheduler_switch": "a"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("all: {children: {worker: {hosts: {w1: {x: 1}}}}}", "w1: has no ansible_host; give its address"),
        ("all: {hosts: {w1: {ansible_host: 10.0.0.1}}}", "w1: is in no group; put it into head, worker"),
        ("all: [", "Ansible cannot read it ("),
        (
            'all: {children: {worker: {hosts: {w1: {x: !vault "$ANSIBLE_VAULT;1.1;AES256"}}}}}',
            "has a variable that is encrypted in place; put it into a file of its own",
        ),
    ],
    ids=["no address", "no group", "no inventory", "a secret"],
)
def test_what_a_pool_cannot_be_told_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "site.yml"
    file.write_text(text)
    line = _refused(str(file))
    assert line.startswith("datahall:bare_metal.inventory: ")
    assert said in line


def test_an_inventory_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not there; name a file or a folder" in _refused(str(tmp_path / "none.yml"))
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "DATAHALL_INVENTORY is not set; run it by datahall" in _refused(EMULATED)
