"""Accounting: what a job took and whose it was is written down, by a daemon that needs no password."""

import pytest

from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)


def test_a_finished_job_is_written_down_with_its_gpus(converged: Site) -> None:
    job = converged.ssh(
        "head-1", "sbatch --parsable --wait --gres=gpu:2 --chdir=/tmp --output=/dev/null --wrap hostname"
    ).strip()
    asked = f"sacct --jobs={job} --allocations --noheader --parsable2 --format=state,account,user,alloctres"
    shown = converged.until("head-1", asked, "COMPLETED|").strip().split("|")
    assert shown[:3] == ["COMPLETED", "cluster", "ops"]
    assert "gres/gpu=2" in shown[3]


def test_the_database_is_slurmdbds_alone_and_has_no_password(converged: Site) -> None:
    granted = converged.ssh("head-1", "sudo mariadb -BN -e \"SHOW GRANTS FOR 'slurm'@'localhost'\"")
    assert "IDENTIFIED VIA unix_socket" in granted
    assert "ON `slurm_acct_db`.*" in granted
    assert converged.try_ssh("head-1", "mariadb --user=slurm -e 'SHOW DATABASES'").returncode != 0
    assert ":3306" not in converged.ssh("head-1", "ss --listening --tcp --numeric --no-header")
    assert converged.ssh("head-1", "sudo stat --format=%a%U /etc/slurm/slurmdbd.conf").strip() == "600slurm"
