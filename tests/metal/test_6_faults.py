"""Faults planted on hosts for real: the alert of each fires in the Alertmanager, and ends with its fault."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site
from tests.metal.test_6_observability import alerts, until

pytestmark = pytest.mark.timeout(1800)
# the faults are real, the waits are shorter: test_6_alerts holds that each alert waits as long as it is told
_WATCH = {
    "observability_interval": "5s",
    "observability_silent_after": 45,
    "observability_alert_after": {"NodeDown": "5s", "SchedulerSilent": "5s", "BackupOld": "5s"},
}
_BACKUP = {
    "backup_schedule": "*-*-* 03:00",
    "backup_repository": "/srv/backup",
    "backup_password": "a-password-of-a-vault",
}
_TAGS = ("--tags", "base_packages,backup,observability_prometheus", "--limit", "head-1,service-1")
# by hand as often as one likes: systemd counts starts, and gives up after four
_SAVE = "sudo systemctl reset-failed cluster-backup; sudo systemctl start cluster-backup"
_SETS = "/var/lib/prometheus/node-exporter/backup-*.prom"


@pytest.fixture(scope="module")
def watched(converged: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hosts with backups of the head by the clock, each saved once, and a watch that waits less."""
    planted: Path = tmp_path_factory.mktemp("faults") / "planted.yml"
    groups = {"head": {"vars": _BACKUP}, "service": {"vars": _WATCH}}
    planted.write_text(json.dumps(groups))
    converged.ssh("head-1", "sudo mkdir -p /srv/backup")
    said = ("-i", "inventory/emulated.py", "-i", str(planted))
    converged.playbook("site.yml", *_TAGS, *said).succeeded()
    try:
        converged.ssh("head-1", _SAVE)
        yield converged
    finally:
        converged.playbook("site.yml", *_TAGS).succeeded()
        converged.ssh("head-1", f"sudo rm -rf /srv/backup /srv/away /etc/restic {_SETS}")


def _seen(site: Site, *expected: tuple[str, str], fires: bool) -> None:
    """Wait until each of the alerts fires, or no longer does, and say how long that took."""
    begun = time.monotonic()
    for alert, host in expected:
        until(site, alert, host, fires=fires)
        print(f"{alert} {'fires' if fires else 'has ended'} after {time.monotonic() - begun:.0f} s")


def test_a_repository_that_is_gone_a_backup_of_two_days_ago_and_a_node_that_is_off(watched: Site) -> None:
    expected = (("BackupFailed", "head-1"), ("BackupOld", "head-1"), ("NodeDown", "worker-2"))
    _seen(watched, *expected, fires=False)
    hosts.stop(watched.folder, "worker-2")
    try:
        watched.ssh("head-1", "sudo mv /srv/backup /srv/away")
        assert watched.try_ssh("head-1", _SAVE).returncode != 0
        _seen(watched, ("BackupFailed", "head-1"), fires=True)
        assert ("BackupOld", "head-1") not in alerts(watched), "it was saved a moment ago"
        # what a timer that had not run for so long would have left: no clock of an emulated host is its own
        then = int(time.time()) - 49 * 3600
        of_then = f"s/^(backup_last_success_timestamp_seconds.*) [0-9]+$/\\1 {then}/"
        watched.ssh("head-1", f"sudo sed --regexp-extended --in-place '{of_then}' {_SETS}")
        _seen(watched, ("BackupOld", "head-1"), ("NodeDown", "worker-2"), fires=True)
    finally:
        hosts.start(watched.folder, "worker-2")
        watched.ssh("head-1", "sudo systemctl stop cluster-backup; sudo rm -rf /srv/backup")
        watched.ssh("head-1", "sudo mv /srv/away /srv/backup")
    watched.ssh("head-1", _SAVE)
    _seen(watched, *expected, fires=False)


def test_a_scheduler_that_has_ended(watched: Site) -> None:
    expected = ("SchedulerSilent", "head-1")
    _seen(watched, expected, fires=False)
    watched.ssh("head-1", "sudo systemctl stop slurmctld")
    try:
        _seen(watched, expected, fires=True)
    finally:
        watched.ssh("head-1", "sudo systemctl start slurmctld")
    _seen(watched, expected, fires=False)
    watched.until("head-1", "sinfo --noheader --Node --states=idle --format=%N | wc --lines", "2")
