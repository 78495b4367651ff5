"""Emulated hosts before anything is installed on them. Files are in the order in which they must run."""

import pytest

from datahall.sandbox import hosts
from datahall.sandbox.hosts import HostsUsageError, Power, mirror
from tests.metal.driver import PLAYBOOKS, Site

pytestmark = pytest.mark.timeout(900)
_PACKAGES = mirror.packages_of(PLAYBOOKS / "roles")


def test_four_hosts_are_up_within_a_minute_once_the_base_exists(site: Site) -> None:
    seen = hosts.hosts(site.folder)
    assert [(host.name, host.power) for host in seen] == [
        ("head-1", Power.RUNNING),
        ("service-1", Power.RUNNING),
        ("worker-1", Power.RUNNING),
        ("worker-2", Power.RUNNING),
    ]
    assert site.seconds < 60 * site.slowness  # a minute of a machine that is all ours
    assert all(0 < host.memory < 2**30 for host in seen)


def test_hosts_run_systemd_and_reach_each_other_but_have_no_route_out(site: Site) -> None:
    assert site.ssh("worker-1", "ps -o comm= -p 1").strip() == "systemd"
    site.ssh("worker-1", "ping -c 1 -W 2 198.18.0.10")
    assert "default" not in site.ssh("worker-1", "ip route")
    assert site.try_ssh("worker-1", "ip route get 192.0.2.1").returncode != 0


def test_a_host_says_of_itself_what_is_emulated(site: Site) -> None:
    said = site.ssh("worker-2", "cat /etc/ansible/facts.d/datahall.fact")
    assert '"gpu"' in said
    assert '"kernel"' in said


def test_files_survive_stop_and_power_failure(site: Site) -> None:
    site.ssh("worker-2", "echo kept >kept && sync kept")
    assert hosts.stop(site.folder, "worker-2").power is Power.STOPPED
    hosts.start(site.folder, "worker-2")
    assert hosts.fail(site.folder, "worker-2").power is Power.FAILED
    assert site.try_ssh("worker-2", "true").returncode == 255
    assert hosts.start(site.folder, "worker-2").power is Power.RUNNING
    assert site.ssh("worker-2", "cat kept").strip() == "kept"


def test_a_host_reboots_from_within(site: Site) -> None:
    before = site.ssh(
        "worker-2", "cat /proc/sys/kernel/random/boot_id; systemctl show --value -p UserspaceTimestamp"
    )
    site.try_ssh("worker-2", "sudo systemctl reboot")
    hosts.wait(site.folder, "worker-2")
    after = site.ssh(
        "worker-2", "cat /proc/sys/kernel/random/boot_id; systemctl show --value -p UserspaceTimestamp"
    )
    assert after != before


def test_a_host_is_added_and_taken_away(site: Site) -> None:
    names = [host.name for host in hosts.up(site.folder, _PACKAGES, workers=3)]
    assert "worker-3" in names
    assert site.ssh("worker-3", "hostname").strip() == "worker-3"
    hosts.remove(site.folder, "worker-3")
    assert "worker-3" not in [host.name for host in hosts.hosts(site.folder)]


def test_an_unknown_host_is_refused_by_name(site: Site) -> None:
    with pytest.raises(HostsUsageError, match=r"host: worker-9: is none of: head-1, .*; list them first"):
        hosts.stop(site.folder, "worker-9")


def test_fewer_workers_than_there_are_is_refused(site: Site) -> None:
    with pytest.raises(HostsUsageError, match=r"workers: 1: is fewer than there are \(worker-2\)"):
        hosts.up(site.folder, _PACKAGES, workers=1)
