"""repair.yml: a node that failed is drained, mended by the least that mends it, and takes jobs again."""

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(1800)


def _repair(site: Site, host: str, *more: str) -> Run:
    return site.playbook("repair.yml", "-e", f"repair_host={host}", *more)


def _node(site: Site, name: str) -> str:
    return site.ssh("head-1", f"scontrol --oneliner show node {name}")


def _machine(site: Site, name: str) -> str:
    return site.ssh(name, "cat /etc/machine-id").strip()


def test_what_is_no_worker_is_refused_and_nothing_is_touched(converged: Site) -> None:
    run = _repair(converged, "head-1")
    assert run.code != 0
    assert "repair_host: head-1: is none of the workers (worker-1, worker-2); give one" in run.said
    assert not any(run.changed.values())


def test_a_gpu_that_a_reset_mends_costs_no_reboot(converged: Site) -> None:
    hosts.fail(converged.folder, "worker-2", "ecc", gpu=3)
    boot = converged.ssh("worker-2", "cat /proc/sys/kernel/random/boot_id")
    run = _repair(converged, "worker-2").succeeded()
    assert "found: gpu 3: 1 uncorrectable ECC errors" in run.said
    assert "tried: reset; takes jobs again; EMULATED: audit, clock, gpu, kernel, storage (w" in run.said
    assert converged.ssh("worker-2", "cat /proc/sys/kernel/random/boot_id") == boot
    assert "DRAIN" not in _node(converged, "worker-2")


def test_a_node_without_power_is_put_on_and_its_job_goes_back_to_the_queue(converged: Site) -> None:
    asked = "sbatch --parsable --requeue --nodelist=worker-1 --wrap 'sleep 600'"
    job = converged.ssh("head-1", asked).strip()
    converged.until("head-1", f"scontrol --oneliner show job {job}", "JobState=RUNNING")
    machine = _machine(converged, "worker-1")
    hosts.fail(converged.folder, "worker-1")
    run = _repair(converged, "worker-1", "-e", "repair_drain_timeout=5").succeeded()
    assert "found: does not answer over ssh" in run.said
    assert "tried: reboot; takes jobs again" in run.said
    assert _machine(converged, "worker-1") == machine
    shown = converged.ssh("head-1", f"scontrol --oneliner show job {job}; scancel {job}")
    assert "Restarts=1" in shown


def test_a_node_that_nothing_mends_stays_drained_until_it_is_replaced(converged: Site) -> None:
    hosts.fail(converged.folder, "worker-2", "thermal", gpu=1)
    machine = _machine(converged, "worker-2")
    refused = _repair(converged, "worker-2", "-e", '{"repair_steps": ["reset"]}')
    assert refused.code != 0
    assert "worker-2: gpu 1: 96 C" in refused.said
    assert "(reset); the node stays drained" in refused.said
    assert "DRAIN" in _node(converged, "worker-2")

    run = _repair(converged, "worker-2").succeeded()
    assert "tried: reset, reboot, replace; takes jobs again" in run.said
    assert _machine(converged, "worker-2") != machine
    assert "DRAIN" not in _node(converged, "worker-2")
    checked = converged.playbook("site.yml", "--check", "-e", "site_only=worker-2").succeeded()
    assert checked.changed == {"worker-2": 0}, checked.output
