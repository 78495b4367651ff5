"""Backups by the clock: timers in place, their units run as hardened as they are, and a snapshot is there."""

from collections.abc import Iterator

import pytest

from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_ASKED = {
    "backup_schedule": "*-*-* 03:00",
    "backup_repository": "/srv/backup",
    "backup_password": "a-password-of-a-vault",
}
# by hand as often as one likes: systemd counts starts, and gives up after four
_START = "sudo systemctl reset-failed cluster-backup; sudo systemctl start cluster-backup"
_PROM = "/var/lib/prometheus/node-exporter"


def _ask(site: Site, *more: str, **asked: str) -> Run:
    told = [word for name, value in asked.items() for word in ("-e", f'{{"{name}": "{value}"}}')]
    tags = ("--tags", "base_packages,backup")
    return site.playbook("site.yml", "--limit", "head-1", *tags, *told, *more).succeeded()


@pytest.fixture(scope="module")
def scheduled(site: Site) -> Iterator[Site]:
    """The head with its timers; /srv/backup is where the snapshots are."""
    site.ssh("head-1", f"sudo mkdir -p /srv/backup {_PROM}")
    run = _ask(site, "--diff", "-vvv", **_ASKED)
    assert _ASKED["backup_password"] not in run.output
    yield site
    site.ssh("head-1", "sudo rm -rf /srv/backup /etc/restic")


def test_a_second_run_and_check_mode_change_nothing(scheduled: Site) -> None:
    assert _ask(scheduled, **_ASKED).changed == {"head-1": 0}
    assert _ask(scheduled, "--check", **_ASKED).changed == {"head-1": 0}


def test_the_timers_units_save_forget_check_and_measure(scheduled: Site) -> None:
    shown = scheduled.ssh("head-1", "systemctl list-timers --all --no-legend 'cluster-backup*'")
    assert "cluster-backup.timer" in shown
    assert "cluster-backup-keep.timer" in shown
    told = scheduled.ssh("head-1", "systemctl show -p Persistent -p RandomizedDelayUSec cluster-backup.timer")
    assert set(told.split()) == {"Persistent=yes", "RandomizedDelayUSec=30min"}
    scheduled.ssh("head-1", "sudo systemctl start cluster-backup")
    listed = scheduled.ssh("head-1", "sudo cluster-restic snapshots --tag host --host head-1 --compact")
    assert "1 snapshots" in listed
    measured = scheduled.ssh("head-1", f"cat {_PROM}/backup-host.prom")
    assert 'backup_failed{set="host"} 0' in measured
    assert "backup_last_success_timestamp_seconds" in measured
    # more than are kept of a day: the oldest goes
    for _ in range(3):
        scheduled.ssh("head-1", _START)
    scheduled.ssh("head-1", "sudo systemctl start cluster-backup-keep")
    assert 'backup_failed{set="repository"} 0' in scheduled.ssh(
        "head-1", f"cat {_PROM}/backup-repository.prom"
    )
    assert "3 snapshots" in scheduled.ssh("head-1", "sudo cluster-restic snapshots --tag host --compact")


def test_one_that_fails_is_measured_as_that_and_will_be_tried_again(scheduled: Site) -> None:
    scheduled.ssh("head-1", "sudo mv /srv/backup /srv/away")
    assert scheduled.try_ssh("head-1", _START).returncode != 0
    assert 'backup_failed{set="host"} 1' in scheduled.ssh("head-1", f"cat {_PROM}/backup-host.prom")
    scheduled.ssh("head-1", "sudo systemctl stop cluster-backup; sudo rm -rf /srv/backup")
    scheduled.ssh(
        "head-1", "sudo mv /srv/away /srv/backup; sudo systemctl reset-failed cluster-backup || true"
    )
    scheduled.ssh("head-1", _START)
    assert 'backup_failed{set="host"} 0' in scheduled.ssh("head-1", f"cat {_PROM}/backup-host.prom")


def test_a_time_that_is_none_ends_it(scheduled: Site) -> None:
    told = ["-e", '{"backup_schedule": "sometimes"}']
    run = scheduled.playbook("site.yml", "--limit", "head-1", "--tags", "backup", *told)
    assert run.code != 0


def test_without_a_schedule_there_are_no_timers(scheduled: Site) -> None:
    assert _ask(scheduled).changed["head-1"] > 0
    assert scheduled.ssh("head-1", "ls /etc/systemd/system | grep cluster-backup || true") == ""
    assert _ask(scheduled).changed == {"head-1": 0}
