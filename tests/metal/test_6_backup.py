"""backup.yml and restore.yml: the cluster's data into a bucket (emulated AWS), destroyed, and put back."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from datahall.paths import Home
from datahall.sandbox.aws import control
from tests.metal.driver import PLAYBOOKS, Run, Site

pytestmark = pytest.mark.timeout(900)
_ANSIBLE = str(Path(sys.executable).parent / "ansible-playbook")
_BUCKET = "hall-data"
_HASHES = {
    "head-1": "sudo find /etc/munge /etc/ssh /etc/sudoers.d -type f -exec sha256sum {} + | sort",
    "service-1": "sudo find /etc/prometheus -type f -exec sha256sum {} + | sort",
}
_DESTROYED = {
    "head-1": "sudo systemctl stop slurmctld slurmdbd mariadb munge; "
    "sudo rm -rf /etc/munge /var/lib/slurm/slurmctld /var/lib/mysql",
    "service-1": "sudo systemctl stop prometheus; sudo rm -rf /etc/prometheus /var/lib/prometheus",
}


@pytest.fixture(scope="module")
def stored(converged: Site) -> Iterator[Site]:
    """The hosts, and beside them an emulated AWS with the bucket that a stack would have."""
    home = Home(converged.home)
    server = control.start(home.aws("local"), bound=True)
    try:
        keys = control.environment(server.url)
        s3 = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name=control.DEFAULT_REGION,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )
        place = {"LocationConstraint": control.DEFAULT_REGION}
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=place)
        home.site("local").parent.mkdir(parents=True, exist_ok=True)
        home.site("local").write_text(json.dumps({"data_bucket": _BUCKET, "region": control.DEFAULT_REGION}))
        yield converged
    finally:
        control.stop(home.aws("local"))
        home.site("local").unlink(missing_ok=True)
        shutil.rmtree(home.aws("local"))


def _reaching(site: Site, *playbook: str) -> Run:
    """A playbook that reaches the bucket."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "datahall.slurm.reach", _ANSIBLE, *playbook],
        check=False, capture_output=True, text=True, cwd=PLAYBOOKS, env=site.environment,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    print(f"{' '.join(playbook)}: {seconds:.0f} s")
    return Run(done.returncode, done.stdout + done.stderr, seconds)


def _hashes(site: Site) -> dict[str, str]:
    return {host: site.ssh(host, command) for host, command in _HASHES.items()}


def _measured(site: Site) -> int:
    """How many times the watch has looked at a worker, as far as it remembers; more than just now."""
    query = 'count_over_time(up{host="worker-1"}[1d]) > 8'
    shown = site.until("service-1", f"promtool query instant http://127.0.0.1:9090 '{query}' || true", "=> ")
    return int(shown.partition("=> ")[2].split()[0])


def test_what_was_destroyed_is_as_it_was_after_a_restore(stored: Site) -> None:
    job = stored.ssh("head-1", "sbatch --parsable --hold --job-name=kept --wrap hostname").strip()
    stored.ssh("head-1", "until sudo grep --quiet kept /var/lib/slurm/slurmctld/job_state; do sleep 1; done")
    stored.ssh("head-1", "srun --job-name=counted hostname")
    counted = "sacct --allocations --name=counted --noheader --parsable2 --format=jobid,state,end"
    written = stored.until("head-1", counted, "COMPLETED")
    measured = _measured(stored)
    before = _hashes(stored)
    saved = _reaching(stored, "backup.yml").succeeded()
    said = "head-1: set munge: saved /etc/munge; set slurm: saved /var/lib/slurm/slurmctld"
    assert said in saved.said, saved.output[-3000:]
    shown = stored.ssh("head-1", "cat /var/lib/prometheus/node-exporter/backup-accounting.prom")
    assert 'backup_failed{set="accounting"} 0' in shown
    assert abs(float(shown.split()[-1]) - time.time()) < 300
    password = (stored.folder / "backup-password").read_text().strip()
    assert password not in saved.output

    for host, command in _DESTROYED.items():
        stored.ssh(host, command)
    assert _hashes(stored) != before
    back = _reaching(stored, "restore.yml", "--limit", "head,service", "-vvv").succeeded()
    assert password not in back.output
    assert "sandbox-only" not in back.output
    assert "set slurm: /var/lib/slurm/slurmctld is back" in back.said
    assert stored.until("head-1", f"{counted} 2>&1 || true", "COMPLETED") == written
    assert _hashes(stored) == before
    shown = stored.until("head-1", f"scontrol --oneliner show job {job} 2>&1 || true", "JobName=kept")
    assert "JobHeldUser" in shown
    assert _measured(stored) >= measured
    stored.ssh("head-1", f"scancel {job}; srun --time=1 hostname")


def test_what_opens_the_repository_is_roots_alone(stored: Site) -> None:
    assert stored.try_ssh("head-1", "ls /etc/restic").returncode != 0
    modes = stored.ssh("head-1", "sudo find /etc/restic -printf '%m %u %p\\n' | sort -k 3")
    assert modes.splitlines()[0] == "700 root /etc/restic"
    assert all(line.startswith("600 root ") for line in modes.splitlines()[1:])


def test_without_a_repository_nothing_is_touched(converged: Site) -> None:
    run = converged.playbook("backup.yml")
    assert run.code != 0
    assert "backup_repository: none: a backup needs a repository and a password" in run.said
    assert not any(run.changed.values())


def test_the_head_alone_is_converged_as_it_is_after_it_was_replaced(converged: Site) -> None:
    run = converged.playbook("site.yml", "-e", "site_only=head-1", "--check").succeeded()
    assert run.changed == {"head-1": 0}, run.output
