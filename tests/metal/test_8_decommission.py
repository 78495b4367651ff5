"""decommission.yml: a worker that leaves for good has no key left on it. Runs last: a worker fewer."""

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(1800)
KEYS = ("etc/munge/munge.key", "etc/ssh/ssh_host_ed25519_key", "home/ops/.ssh/authorized_keys")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("decommission_host=head-9", "decommission_host: head-9: is none of head-1, service-1, worker-1"),
        (
            "decommission_host=head-1",
            "head-1: worker-1, worker-2: was not decommissioned, and the head is the",
        ),
        ("decommission_site=other", "decommission_site: other: is not this cluster's name"),
        ("decommission_power_off=true", "decommission_host: none, decommission_site: none: one of the two"),
    ],
)
def test_what_is_not_meant_or_not_yet_possible_is_refused(converged: Site, asked: str, said: str) -> None:
    run = converged.playbook("decommission.yml", "-e", asked)
    assert run.code != 0
    assert said in run.said
    assert not any(run.changed.values())


def test_a_worker_that_leaves_has_no_key_left_and_the_others_go_on(converged: Site) -> None:
    disk = converged.folder / "machines" / "worker-2" / "upper"
    assert all((disk / key).is_file() for key in KEYS)
    key = converged.ssh("worker-2", "sudo cat /etc/munge/munge.key")
    run = converged.playbook("decommission.yml", "-e", "decommission_host=worker-2").succeeded()
    assert key.strip() not in run.output
    assert "/etc/munge/munge.key, /etc/ssh/ssh_host_ed25519_key" in run.said
    converged.off("worker-2")
    assert not any((disk / key).is_file() for key in KEYS)
    assert not list((disk / "var/lib/slurm").glob("*"))
    assert not (disk / "etc/gpu-settings.json").exists()
    assert "nvidia" not in (disk / "etc/containerd/config.toml").read_text()

    hosts.remove(converged.folder, "worker-2")
    converged.ssh("head-1", "sudo rm /etc/munge/cluster.key")  # the key was on it: the others get a new one
    converged.playbook("site.yml").succeeded()
    assert converged.ssh("head-1", "sinfo --noheader --Node --format=%N").split() == ["worker-1"]
    assert "198.18.0.102" not in converged.ssh("head-1", "sudo nft list ruleset")
    assert "198.18.0.102" not in converged.ssh("service-1", "cat /etc/prometheus/prometheus.yml")
    assert converged.ssh("worker-1", "sudo cat /etc/munge/munge.key") != key
    converged.playbook("acceptance.yml").succeeded()
