"""The watch: checked rules, and an alert that fires when a worker is gone and ends when it is back."""

import json
import time

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site
from tests.playbooks.test_watch import DASHBOARDS, expressions, metrics, served

pytestmark = pytest.mark.timeout(1800)


def alerts(site: Site) -> set[tuple[str, str]]:
    """The alerts that fire now: name and host."""
    shown = site.ssh("service-1", "amtool --alertmanager.url=http://127.0.0.1:9093 alert query --output=json")
    return {(alert["labels"]["alertname"], alert["labels"]["host"]) for alert in json.loads(shown)}


def until(site: Site, alert: str, host: str, *, fires: bool) -> None:
    """Wait until an alert fires for a host, or no longer does."""
    end = time.monotonic() + 300
    while ((alert, host) in alerts(site)) is not fires:
        assert time.monotonic() < end, alerts(site)
        time.sleep(2)


def until_down(site: Site, host: str, *, fires: bool) -> None:
    """Wait until the alert that a host is down fires, or no longer does."""
    until(site, "HostDown", host, fires=fires)


def test_the_rules_in_force_are_sound(converged: Site) -> None:
    checked = converged.ssh("service-1", "promtool check config /etc/prometheus/prometheus.yml")
    assert "11 rules found" in checked


def test_what_the_dashboards_ask_for_is_measured(converged: Site) -> None:
    names = "http://127.0.0.1:9090/api/v1/label/__name__/values"
    fetch = f"python3 -c 'import urllib.request as r; print(r.urlopen(\"{names}\").read().decode())'"
    converged.until("service-1", fetch, '"slurm_jobs"')
    measured = set(json.loads(converged.ssh("service-1", fetch))["data"])
    asked = {name for file in DASHBOARDS for text in expressions(file) for name in metrics(text)} - served()
    # backups are test_6_backup's, models test_9_environment's; the kernel does not let a host without a clock
    # of its own read that
    assert {name for name in asked if not name.startswith(("backup_", "node_timex_"))} <= measured


def test_the_watch_is_reached_from_its_own_host_alone(converged: Site) -> None:
    assert converged.try_ssh("head-1", "timeout 3 bash -c '</dev/tcp/198.18.0.101/9100'").returncode != 0
    listening = converged.ssh("service-1", "ss --listening --tcp --numeric --no-header")
    assert "127.0.0.1:9090" in listening
    assert "127.0.0.1:9093" in listening
    assert ":9094" not in listening


def test_alerts_fire_for_a_worker_that_is_stopped_and_one_that_is_sick_and_end(converged: Site) -> None:
    until_down(converged, "worker-2", fires=False)
    assert ("NodeDrained", "worker-1") not in alerts(converged)
    hosts.fail(converged.folder, "worker-1", "ecc")
    hosts.stop(converged.folder, "worker-2")
    begun = time.monotonic()
    try:
        until_down(converged, "worker-2", fires=True)
        print(f"HostDown after {time.monotonic() - begun:.0f} s")
        until(converged, "NodeUnwell", "worker-1", fires=True)
        until(converged, "NodeDrained", "worker-1", fires=True)
        print(f"all three after {time.monotonic() - begun:.0f} s")
    finally:
        hosts.start(converged.folder, "worker-2")
        converged.ssh("worker-1", "sudo emulated-gpu mend && sudo node-health")
        converged.ssh("head-1", "sudo scontrol update NodeName=worker-1 State=RESUME")
    for alert, host in (("HostDown", "worker-2"), ("NodeUnwell", "worker-1"), ("NodeDrained", "worker-1")):
        until(converged, alert, host, fires=False)
