"""validate.yml reports every problem at once and changes nothing."""

from pathlib import Path

import pytest

from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)

_PLANTED = """
all:
  vars:
    network_admin_cidrs: [0.0.0.0/0, not-a-network]
    network_cluster_cidr: 198.18.0.0/23
    base_users: [{name: Ada, keys: []}]
    scheduler_munge_key: planted-munge-key
    scheduler_partitoin: gpu
    network_allowances_more:
      - {name: web, from: nowhere, to: nobody, protocol: tcp, ports: [http]}
head:
  hosts:
    head-1:
    head-2: {ansible_host: 198.18.0.10}
worker:
  vars: {gpu_count: eight, gpu_power_limit: much, gpu_clocks: [1500, 1200], gpu_mig_profiles: [half]}
  hosts:
    worker-1:
    worker_3: {ansible_host: 10.0.0.7}
"""
_EXPECTED = (
    "inventory: head: head-1, head-2: there must be one head",
    "head-2: ansible_host: 198.18.0.10: is head-1's as well",
    "worker_3: ansible_host: 10.0.0.7: is outside network_cluster_cidr",
    "worker_3: inventory_hostname: worker_3: is no host name",
    "worker_3: ssh: 10.0.0.7: did not answer",
    "head-1: network_admin_cidrs: 0.0.0.0/0: lets everyone reach ssh",
    "head-1: network_admin_cidrs: not-a-network: is no network",
    "head-1: base_users: Ada: is no login name",
    "head-1: base_users[Ada].keys: none: could never log in",
    "head-1: scheduler_munge_key: 17 characters: must have 32 to 1024",
    "head-1: scheduler_partitoin: set: no role knows this variable; did you mean scheduler_partition?",
    "head-1: network_allowances_more[web].from: nowhere: is neither group nor network",
    "head-1: network_allowances_more[web].to: nobody: is no group",
    "head-1: network_allowances_more[web].ports: http: is no port",
    "worker-1: gpu_count: eight: is no number of GPUs",
    "worker-1: gpu_power_limit: much: is no number of watts",
    "worker-1: gpu_clocks: [1500, 1200]: is no lowest and highest MHz",
    "worker-1: gpu_mig_profiles: half: is no MIG profile",
    "is another host's as well; empty /etc/machine-id and reboot",
)


def test_all_planted_faults_are_reported_at_once(site: Site, inventory: Path) -> None:
    inventory.write_text(_PLANTED)
    own = site.ssh("worker-2", "cat /etc/machine-id")
    site.ssh(
        "worker-2", f"echo {site.ssh('worker-1', 'cat /etc/machine-id').strip()} | sudo tee /etc/machine-id"
    )
    try:
        run = site.playbook("validate.yml", "-i", "inventory/emulated.py", "-i", str(inventory))
    finally:
        site.ssh("worker-2", f"echo {own.strip()} | sudo tee /etc/machine-id")
    assert run.code != 0
    assert [problem for problem in _EXPECTED if problem not in run.output] == []
    assert "planted-munge-key" not in run.output
    assert not any(run.changed.values())


def test_a_check_of_blank_hosts_foresees_what_it_can_and_says_what_it_cannot(site: Site) -> None:
    run = site.playbook("site.yml", "--check").succeeded()
    for name in ("head-1", "service-1", "worker-1", "worker-2"):
        assert f"{name}: is blank: every role is to be done on it" in run.said
        assert run.changed[name] > 1
    assert site.try_ssh("worker-1", "cat /etc/apt/sources.list.d/site.sources").returncode != 0


def test_without_a_problem_it_says_so_and_what_is_emulated(site: Site) -> None:
    run = site.playbook("validate.yml").succeeded()
    assert (
        "4 hosts, no problem; EMULATED: audit, clock, gpu, kernel, storage (head-1, service-1, w" in run.said
    )
