"""site.yml on blank hosts: what it makes, that a second run changes nothing, and that it mends drift."""

import json

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(1800)


def test_a_second_converge_changes_nothing(converged: Site) -> None:
    run = converged.playbook("site.yml").succeeded()
    assert set(run.changed.values()) == {0}, run.output


def test_facts_are_kept_until_a_host_says_otherwise(converged: Site) -> None:
    files = {file.stem: file for file in (converged.folder / "facts").glob("*.json")}
    assert sorted(files) == ["head-1", "service-1", "worker-1", "worker-2"]
    before = {name: file.stat().st_mtime_ns for name, file in files.items()}
    fact = "/etc/ansible/facts.d/planted.fact"
    converged.ssh("worker-1", f"echo {{}} | sudo tee {fact}")
    converged.playbook("site.yml", "--tags", "facts-alone").succeeded()
    converged.ssh("worker-1", f"sudo rm {fact}")
    assert {name for name, file in files.items() if file.stat().st_mtime_ns != before[name]} == {"worker-1"}
    assert "planted" in json.loads(files["worker-1"].read_text())["facts"]["ansible_local"]


def test_acceptance_passes_and_says_what_is_emulated(converged: Site) -> None:
    run = converged.playbook("acceptance.yml").succeeded()
    assert "2 workers with 16 GPUs, one job over all of them" in run.output
    assert "there is no GPU" in run.output


def test_the_munge_key_is_one_and_no_output_has_it(converged: Site) -> None:
    sums = {
        converged.ssh(name, "sudo sha256sum /etc/munge/munge.key")
        for name in ("head-1", "worker-1", "worker-2")
    }
    assert len(sums) == 1
    key = converged.ssh("head-1", "sudo cat /etc/munge/munge.key").strip()
    run = converged.playbook("site.yml", "--tags", "scheduler_munge", "--diff", "-vvv").succeeded()
    assert key not in run.output


def test_drift_planted_by_hand_is_reported_by_task_and_mended(converged: Site) -> None:
    for planted in (
        "echo PermitRootLogin yes | sudo tee -a /etc/ssh/sshd_config.d/10-cluster.conf",
        "sudo chmod 0644 /etc/gshadow",
        "sudo nft flush ruleset",
        "sudo sysctl -w net.ipv4.conf.all.send_redirects=1",
        "sudo systemctl stop chrony",
    ):
        converged.ssh("worker-1", planted)
    only = ("--limit", "worker-1", "--tags", "base,network")
    seen = converged.playbook("site.yml", "--check", *only).succeeded()
    drifted = [task for task in _DRIFTED if not _changed(seen.output, task)]
    assert drifted == [], seen.output
    assert set(seen.changed) == {"worker-1"}
    assert "PermitRootLogin yes" in converged.ssh(
        "worker-1", "sudo cat /etc/ssh/sshd_config.d/10-cluster.conf"
    )
    assert converged.playbook("site.yml", *only).succeeded().changed["worker-1"] > 0
    assert converged.playbook("site.yml", "--check", *only).succeeded().changed == {"worker-1": 0}
    assert "policy drop" in converged.ssh("worker-1", "sudo nft list ruleset")


_DRIFTED = (
    "Harden the ssh server",
    "Find modes that somebody changed since",
    "Keep the time service on",
    "Find variables that somebody changed since",
    "Find rules that somebody changed since",
)


def _changed(output: str, task: str) -> bool:
    _, _, after = output.partition(f" : {task}]")
    return "changed: [worker-1]" in after.partition("\nTASK [")[0]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("ecc", "gpu 2: 1 uncorrectable ECC errors"),
        ("thermal", "gpu 2: 96 C"),
        ("link", "nvlink: 1 links are down"),
        ("lost", "gpu: 7 of 8 answer"),
        ("hang", "gpu: nvidia-smi does not answer within 10 s"),
        ("xid", "Xid (PCI"),
    ],
)
def test_a_node_whose_gpu_fails_is_drained_with_the_reason(converged: Site, kind: str, reason: str) -> None:
    hosts.fail(converged.folder, "worker-2", kind, gpu=2)
    checked = converged.try_ssh("worker-2", "sudo /usr/local/sbin/node-health")
    assert checked.returncode == 1
    shown = converged.ssh("head-1", "scontrol --oneliner show node worker-2")
    converged.ssh(
        "worker-2",
        "sudo emulated-gpu mend; date '+%F %T' -d '+1 second' | sudo tee /var/lib/gpu-health/well-since",
    )
    converged.ssh("worker-2", "sleep 1.2; sudo /usr/local/sbin/node-health")
    converged.ssh("head-1", "sudo scontrol update NodeName=worker-2 State=RESUME")
    assert "DRAIN" in shown
    assert f"health: {reason}" in shown


def test_a_job_on_a_sick_node_goes_back_to_the_queue(converged: Site) -> None:
    hosts.fail(converged.folder, "worker-1", "thermal", gpu=5)
    job = converged.ssh(
        "head-1", "sbatch --parsable --requeue --nodes=1 --nodelist=worker-1 --gres=gpu:1 --wrap hostname"
    ).strip()
    look = f"scontrol --oneliner show job {job}; scontrol --oneliner show node worker-1"
    shown = converged.until("head-1", look, "gpu 5: 96 C")
    shown = converged.until("head-1", look, "JobState=PENDING")
    converged.ssh("worker-1", "sudo emulated-gpu mend")
    converged.ssh("head-1", f"scancel {job}; sudo scontrol update NodeName=worker-1 State=RESUME")
    assert "JobState=PENDING" in shown
    assert "JobHeld" not in shown
    assert "gpu 5: 96 C" in shown


def test_after_a_reboot_of_every_host_the_cluster_is_accepted_again_and_check_mode_is_clean(
    converged: Site,
) -> None:
    names = [host.name for host in hosts.hosts(converged.folder)]
    for name in names:
        hosts.stop(converged.folder, name)
    for name in names:
        hosts.start(converged.folder, name)
    converged.playbook("acceptance.yml").succeeded()
    run = converged.playbook("site.yml", "--check").succeeded()
    assert set(run.changed.values()) == {0}, run.output
