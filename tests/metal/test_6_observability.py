"""The watch: checked rules, and an alert that fires when a worker is gone and ends when it is back."""

import json
import time

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(1800)


def alerts(site: Site) -> set[tuple[str, str]]:
    """The alerts that fire now: name and host."""
    shown = site.ssh("service-1", "amtool --alertmanager.url=http://127.0.0.1:9093 alert query --output=json")
    return {(alert["labels"]["alertname"], alert["labels"]["host"]) for alert in json.loads(shown)}


def until_down(site: Site, host: str, *, fires: bool) -> None:
    """Wait until the alert that a host is down fires, or no longer does."""
    end = time.monotonic() + 300
    while (("HostDown", host) in alerts(site)) is not fires:
        assert time.monotonic() < end, alerts(site)
        time.sleep(2)


def test_the_rules_in_force_are_sound(converged: Site) -> None:
    checked = converged.ssh("service-1", "promtool check config /etc/prometheus/prometheus.yml")
    assert "4 rules found" in checked


def test_the_watch_is_reached_from_its_own_host_alone(converged: Site) -> None:
    assert converged.try_ssh("head-1", "timeout 3 bash -c '</dev/tcp/198.18.0.101/9100'").returncode != 0
    listening = converged.ssh("service-1", "ss --listening --tcp --numeric --no-header")
    assert "127.0.0.1:9090" in listening
    assert "127.0.0.1:9093" in listening
    assert ":9094" not in listening


def test_an_alert_fires_when_a_worker_is_stopped_and_ends_when_it_is_back(converged: Site) -> None:
    until_down(converged, "worker-2", fires=False)
    hosts.stop(converged.folder, "worker-2")
    begun = time.monotonic()
    try:
        until_down(converged, "worker-2", fires=True)
        print(f"HostDown after {time.monotonic() - begun:.0f} s")
    finally:
        hosts.start(converged.folder, "worker-2")
    until_down(converged, "worker-2", fires=False)
