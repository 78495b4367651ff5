"""site.yml while a worker is dead: every other host is converged, and Slurm keeps the node."""

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)
_NODES = "grep --only-matching 'NodeName=worker-2 .*' /etc/slurm/slurm.conf"


def test_a_dead_worker_ends_nothing_for_the_others_and_stays_a_node(converged: Site) -> None:
    node = converged.ssh("head-1", _NODES)
    hosts.fail(converged.folder, "worker-2")
    try:
        # something to do for the others, on the head after it has looked for the dead one
        converged.ssh("head-1", "sudo sed -i 's/^MpiDefault=.*/MpiDefault=pmi2/' /etc/slurm/slurm.conf")
        for host in ("head-1", "worker-1", "service-1"):
            converged.ssh(host, "sudo systemctl stop prometheus-node-exporter")
        run = converged.playbook("site.yml")
        print(f"with a dead worker: {run.seconds:.0f} s")
        assert run.code == 4, run.output[-4000:]
        assert "worker-2: did not come through, and every other host did" in run.said
        assert run.failed == {"worker-2"}, run.output[-4000:]
        assert run.changed["worker-2"] == 0
        assert all(run.changed[host] for host in ("head-1", "worker-1", "service-1")), run.changed
        assert converged.ssh("head-1", _NODES) == node
        assert "MpiDefault=none" in converged.ssh("head-1", "cat /etc/slurm/slurm.conf")
        exporter = "systemctl is-active prometheus-node-exporter"
        assert {converged.ssh(host, exporter) for host in ("head-1", "worker-1", "service-1")} == {"active\n"}
        alone = converged.playbook("site.yml", "--limit", "head-1").succeeded()
        assert alone.changed == {"head-1": 0}, alone.output[-4000:]
    finally:
        hosts.start(converged.folder, "worker-2")
    run = converged.playbook("site.yml").succeeded()
    assert set(run.changed.values()) == {0}, run.output
    converged.until("head-1", "sinfo --noheader --Node --format='%N %T'", "worker-2 idle")
