"""Two sites of the hosts that are there, joined by WireGuard: what is sent, and what is seen of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datahall.sandbox import hosts
from datahall.sandbox.hosts import network, store
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(1200)
_Joined = tuple[Site, tuple[str, ...]]
_MARK = "PLAINTEXT-OF-A-GRADIENT"
_INSIDE = {
    "head-1": "198.18.8.10",
    "worker-1": "198.18.8.101",
    "service-1": "198.18.9.20",
    "worker-2": "198.18.9.102",
}
_PLANTED = """
all:
  vars:
    network_sites:
      north: {gateway: head-1, endpoint: 198.18.0.10, address: 198.18.8.10, networks: [198.18.8.0/24]}
      south: {gateway: service-1, endpoint: 198.18.0.20, address: 198.18.9.20, networks: [198.18.9.0/24]}
    network_allowances_more: [{name: ssh, from: 198.18.8.0/23, to: all, protocol: tcp, ports: ["22"]}]
head: {vars: {network_site: north}}
service: {vars: {network_site: south}}
worker: {hosts: {worker-1: {network_site: north}, worker-2: {network_site: south}}}
"""
# who sends it to whom, by hardware address, in any frame of any host's port
_CAPTURE = """
import socket, sys, time
taken = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
taken.settimeout(0.2)
print("ready", flush=True)
end, seen, frames = time.monotonic() + float(sys.argv[2]), set(), 0
while time.monotonic() < end:
    try:
        frame = taken.recv(65535)
    except TimeoutError:
        continue
    frames += 1
    if sys.argv[1].encode() in frame:
        seen.add(f"{frame[6:12].hex(':')} {frame[:6].hex(':')}")
print(frames, *sorted(seen), sep="\\n")
"""


def _address(site: Site, there: bool) -> None:
    """Give each host an address in its site, over boots, or take it away."""
    folder = "/etc/systemd/network/10-host0.network.d"
    for host, address in _INSIDE.items():
        if there:
            text = f"[Network]\\nAddress={address}/24\\n"
            site.ssh(host, f"sudo mkdir -p {folder}; printf '{text}' | sudo tee {folder}/site.conf")
        else:
            site.ssh(host, f"sudo rm -rf {folder}")
        site.ssh(host, "sudo networkctl reload")
    for host, address in _INSIDE.items():
        site.until(host, f"ip -brief address show host0; echo {'' if there else address}", address)


@pytest.fixture(scope="module")
def joined(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Joined]:
    """Two sites, and how they are asked for."""
    planted: Path = tmp_path_factory.mktemp("sites") / "planted.yml"
    planted.write_text(_PLANTED)
    asked = ("site.yml", "--tags", "base_packages,network", "-i", "inventory/emulated.py", "-i", str(planted))
    _address(site, there=True)
    run = site.playbook(*asked, "--diff", "-vvv").succeeded()
    for gateway in ("head-1", "service-1"):
        assert site.ssh(gateway, "sudo cat /etc/wireguard/sites.key").strip() not in run.output
    yield site, asked
    _address(site, there=False)


def _reach(site: Site, host: str, other: str) -> bool:
    return site.try_ssh(host, f"ping -c 1 -W 5 {_INSIDE[other]}").returncode == 0


def _seen(site: Site, host: str, address: str) -> set[tuple[str, str]]:
    """Between which hosts the bridge carries in clear what this host sends there."""
    record = store.load(site.folder)
    assert record is not None
    assert record.network is not None
    names = {site.ssh(name, "cat /sys/class/net/host0/address").strip(): name for name in _INSIDE}
    inside = [*network.within(record.network), sys.executable, "-IS", "-c", _CAPTURE, _MARK, "4"]
    capture = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)
    assert capture.stdout is not None
    assert capture.stdout.readline() == "ready\n"
    site.try_ssh(host, f"for i in 1 2 3; do echo {_MARK} >/dev/udp/{address}/9; done")
    frames, *pairs = capture.communicate(timeout=30)[0].split("\n")
    assert int(frames) > 0
    found = {tuple(names.get(each, "other") for each in pair.split()) for pair in pairs if pair}
    return {(pair[0], pair[1]) for pair in found}


def _ask(joined: _Joined, *more: str) -> Run:
    site, asked = joined
    return site.playbook(*asked, *more).succeeded()


def test_sites_reach_each_other_and_a_second_run_changes_nothing(
    joined: _Joined,
) -> None:
    site, _ = joined
    assert _reach(site, "worker-1", "worker-2")
    assert _reach(site, "service-1", "worker-1")
    banner = f"exec 3<>/dev/tcp/{_INSIDE['worker-2']}/22; head -1 <&3"
    assert site.ssh("worker-1", f"bash -c '{banner}'").startswith("SSH-2.0")
    whole = f"ping -c 1 -W 5 -M do -s 1392 {_INSIDE['worker-2']}"
    site.ssh("worker-1", whole)
    assert site.try_ssh("worker-1", whole.replace("1392", "1393")).returncode != 0
    assert set(_ask(joined).changed.values()) == {0}
    assert set(_ask(joined, "--check").changed.values()) == {0}
    modes = site.ssh("head-1", "sudo find /etc/wireguard -printf '%m %u %f\\n' | sort")
    assert modes.splitlines() == ["600 root sites.key", "600 root sites.key-for", "700 root wireguard"]


def test_what_is_sent_between_sites_is_seen_by_nobody_between_them(
    joined: _Joined,
) -> None:
    site, _ = joined
    assert _seen(site, "head-1", "198.18.0.20") == {("head-1", "service-1")}  # not by the tunnel: it is seen
    assert _seen(site, "head-1", _INSIDE["service-1"]) == set()
    within = {("worker-1", "head-1"), ("service-1", "worker-2")}
    assert _seen(site, "worker-1", _INSIDE["worker-2"]) == within


def test_where_there_is_no_tunnel_nothing_leaves_in_clear_and_it_is_found_and_mended(
    joined: _Joined,
) -> None:
    site, _ = joined
    site.ssh("head-1", "sudo systemctl stop network-sites-tunnel || sudo ip link delete sites")
    # the gateway's answer, that it cannot, has what was sent in it
    refused = {("worker-1", "head-1"), ("head-1", "worker-1")}
    assert _seen(site, "worker-1", _INSIDE["worker-2"]) <= refused
    seen = _ask(joined, "--check", "-v")
    assert "sites: is not there" in seen.said
    assert seen.changed["head-1"] > 0
    _ask(joined)
    assert _reach(site, "worker-1", "worker-2")
    site.ssh("worker-2", "sudo ip route delete 198.18.8.0/24 via 198.18.9.20")
    assert {host for host, tasks in _ask(joined).changed.items() if tasks} == {"worker-2"}
    assert _reach(site, "worker-1", "worker-2")


def test_it_holds_over_a_boot_and_what_died_comes_back(joined: _Joined) -> None:
    site, _ = joined
    for host in ("head-1", "worker-1"):
        hosts.stop(site.folder, host)
    for host in ("head-1", "worker-1"):
        hosts.start(site.folder, host)
    ping = f"ping -c 1 -W 2 {_INSIDE['worker-2']} || true"
    site.until("worker-1", ping, " 0% packet loss")
    if site.try_ssh("head-1", "systemctl is-active network-sites-tunnel").returncode == 0:
        site.ssh("head-1", "sudo systemctl kill --signal=KILL network-sites-tunnel")
        site.until("worker-1", ping, " 0% packet loss")
    site.ssh("worker-1", "sudo systemctl restart systemd-networkd")
    site.until("worker-1", ping, " 0% packet loss")
    assert set(_ask(joined, "--check").changed.values()) == {0}


def test_keys_are_made_anew_by_a_gateway_that_runs_alone_and_the_other_is_told(
    joined: _Joined,
) -> None:
    site, _ = joined
    own = "sudo network-sites public"
    before = {host: site.ssh(host, own) for host in ("head-1", "service-1")}
    run = _ask(joined, "--limit", "head-1", "-e", "network_sites_key=second")
    after = {host: site.ssh(host, own) for host in ("head-1", "service-1")}
    assert before["head-1"] != after["head-1"]
    assert before["service-1"] == after["service-1"]
    assert after["head-1"].strip() in site.ssh("service-1", "sudo wg show sites peers")
    assert _reach(site, "worker-1", "worker-2")
    assert run.changed["head-1"] > 0
    _ask(joined, "-e", "network_sites_key=second")
    assert site.ssh("service-1", own) != before["service-1"]
    assert _reach(site, "worker-1", "worker-2")


def test_what_cannot_be_is_refused_with_all_of_it(joined: _Joined, inventory: Path) -> None:
    site, asked = joined
    site.playbook("validate.yml", *asked[3:]).succeeded()
    inventory.write_text(
        _PLANTED.replace("[198.18.9.0/24]", "[198.18.8.128/25, 198.18.9.0/24]").replace(
            "network_site: south}}}", "network_site: west}}}"
        )
    )
    run = site.playbook("validate.yml", *asked[3:5], "-i", str(inventory))
    assert run.code != 0
    assert "network_sites[south].networks: 198.18.8.128/25: overlaps 198.18.8.0/24 of north" in run.said
    assert "worker-2: network_site: west: is no site; write one of north, south" in run.said


def test_sites_that_are_joined_no_more_leave_nothing(joined: _Joined) -> None:
    site, _ = joined
    plain = ("site.yml", "--tags", "base_packages,network")
    assert all(site.playbook(*plain).succeeded().changed.values())
    for host in _INSIDE:
        left = "ip link show dev sites 2>/dev/null; ip route show protocol 77; ls /etc/systemd/system"
        assert "sites" not in site.ssh(host, left)
    assert set(site.playbook(*plain).succeeded().changed.values()) == {0}
