"""site.yml killed after one task and another, and run again, from blank hosts to a cluster.

Each run goes on from what the one before left, some tasks further; the last one is not killed. That what they
left is a whole cluster, with every file taken up by its service, is test_3_converge's to see.
"""

import signal

import pytest

from tests.metal.driver import KILL_STEP, Run, Site

pytestmark = pytest.mark.timeout(3600)


def test_a_converge_killed_again_and_again_comes_to_its_end(runs: list[Run]) -> None:
    *killed, last = runs
    assert last.code == 0
    assert {run.code for run in killed} == {-signal.SIGKILL}
    assert len(killed) >= 100 // KILL_STEP
    assert not [run.output for run in runs if "fatal: [" in run.output]
    print(f"{len(killed)} kills, every {KILL_STEP} tasks that changed something")


def test_no_service_runs_with_what_it_was_before_its_configuration(converged: Site) -> None:
    for name in ("head-1", "service-1", "worker-1", "worker-2"):
        for unit, file in _TAKEN_UP[name.partition("-")[0]] + _TAKEN_UP["all"]:
            pid = f"$(systemctl show --property=MainPID --value {unit})"
            ask = f'date +%s -d "$(ps -o lstart= -p {pid})"; sudo stat --format=%Y {file}'
            began, written = map(int, converged.ssh(name, ask).split())
            assert began >= written - 1, f"{name}: {unit} began before {file} was written"  # ps: +-1 s


_TAKEN_UP = {
    "all": [("chrony", "/etc/chrony/chrony.conf"), ("systemd-journald", "/etc/systemd/journald.conf")],
    "head": [("munge", "/etc/munge/munge.key"), ("slurmctld", "/etc/slurm/slurm.conf")],
    "worker": [("munge", "/etc/munge/munge.key"), ("slurmd", "/etc/default/slurmd")],
    "service": [("prometheus", "/etc/prometheus/prometheus.yml")],
}
