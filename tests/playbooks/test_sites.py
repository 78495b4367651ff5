"""Sites joined by WireGuard, without hosts: what is refused, and who is told what."""

from copy import deepcopy
from typing import Any

import pytest

from playbooks.filter_plugins.sites import site_asked, site_problems, site_view

_SITES = {
    "north": {"gateway": "head-1", "endpoint": "192.0.2.1", "networks": ["10.0.0.0/24"]},
    "south": {"gateway": "worker-1", "endpoint": "192.0.2.2", "networks": ["10.0.1.0/24", "10.0.2.0/24"]},
}
_WAY = {"port": 51820, "mtu": 1420}
_GROUPS = {"all": ["head-1", "worker-1", "worker-2"]}


def _hosts() -> dict[str, dict[str, Any]]:
    sites = deepcopy(_SITES)
    return {
        "head-1": {"ansible_host": "10.0.0.10", "network_site": "north", "network_sites": sites},
        "worker-1": {"ansible_host": "10.0.1.1", "network_site": "south", "network_sites": sites},
        "worker-2": {"ansible_host": "10.0.2.2", "network_site": "south", "network_sites": sites},
    }


def test_sound_sites_and_none_have_no_problems() -> None:
    assert site_problems(_hosts(), _GROUPS) == []
    assert site_problems({name: {} for name in _GROUPS["all"]}, _GROUPS) == []


@pytest.mark.parametrize(
    ("site", "change", "problem"),
    [
        ("south", {"networks": ["10.0.0.128/25", "10.0.1.0/24", "10.0.2.0/24"]}, "10.0.0.128/25: overlaps"),
        ("south", {"endpoint": "10.0.0.9"}, "is in a network of north: the tunnel would lead through itself"),
        ("south", {"endpoint": "192.0.2.1"}, "network_sites[south].endpoint: 192.0.2.1: is north's as well"),
        ("south", {"endpoint": "gw"}, "network_sites[south].endpoint: gw: is no IPv4 address"),
        ("south", {"networks": ["10.0.1.0/33"]}, "network_sites[south].networks: 10.0.1.0/33: is no network"),
        ("south", {"networks": []}, "network_sites[south].networks: none: is no list; write [CIDR]"),
        ("south", {"gateway": "gw-9"}, "network_sites[south].gateway: gw-9: is no host of the inventory"),
        ("south", {"gateway": "head-1"}, "head-1: network_site: north: is not south, whose gateway it is"),
        (
            "south",
            {"address": "10.9.9.9"},
            "network_sites[south].address: 10.9.9.9: is in no network of south",
        ),
        ("south", {"via": "x"}, "network_sites[south].via: set: is nothing that a site has; there are"),
    ],
)
def test_one_fault_of_a_site_is_one_problem(site: str, change: dict[str, Any], problem: str) -> None:
    hosts = _hosts()
    hosts["head-1"]["network_sites"][site].update(change)
    (found,) = site_problems(hosts, _GROUPS)
    assert problem in found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"network_site": "west"}, "worker-2: network_site: west: is no site; write one of north, south"),
        ({"ansible_host": "10.0.0.7"}, "worker-2: ansible_host: 10.0.0.7: is in north, not south"),
        ({"network_sites_mtu": 9000}, "worker-2: network_sites_mtu: 9000: is not from 1280 to 8920"),
        ({"network_sites_port": 0}, "worker-2: network_sites_port: 0: is not from 1 to 65535"),
        ({"network_sites_keys": {"north": "hunter2"}}, "network_sites_keys[north]: set: is no WireGuard key"),
        ({"network_sites": {}}, "inventory: network_sites: set: hosts differ"),
    ],
)
def test_one_fault_of_a_host_is_one_problem(change: dict[str, Any], problem: str) -> None:
    hosts = _hosts()
    hosts["worker-2"].update(change)
    (found,) = site_problems(hosts, _GROUPS)
    assert problem in found
    assert "hunter2" not in found


def test_several_problems_are_told_at_once() -> None:
    hosts = _hosts()
    hosts["head-1"]["network_sites"]["south"]["networks"].append("10.0.0.128/25")
    hosts["worker-2"].update({"network_site": "west", "network_sites_mtu": 1})
    assert len(site_problems(hosts, _GROUPS)) == 3


def test_a_site_without_sites_is_told() -> None:
    hosts: dict[str, dict[str, Any]] = {name: {} for name in _GROUPS["all"]}
    hosts["head-1"]["network_site"] = "north"
    assert site_problems(hosts, _GROUPS)[0].startswith(
        "head-1: network_site: north: is no site: there are none"
    )


def test_a_gateway_is_asked_to_join_and_the_others_lead_to_it() -> None:
    keys = {"head-1": "own", "worker-1": "theirs"}
    assert site_asked(_SITES, "head-1", _hosts(), keys, _WAY) == {
        "mtu": 1420,
        "address": "10.0.0.10",
        "port": 51820,
        "networks": ["10.0.1.0/24", "10.0.2.0/24"],
        "peers": [
            {
                "site": "south",
                "key": "theirs",
                "endpoint": "192.0.2.2:51820",
                "networks": ["10.0.1.0/24", "10.0.2.0/24"],
            }
        ],
    }
    asked = site_asked(_SITES, "worker-2", _hosts(), {}, _WAY)
    assert asked == {"mtu": 1420, "via": "10.0.1.1", "networks": ["10.0.0.0/24"]}


def test_a_firewall_sees_its_own_site_and_the_others() -> None:
    seen = site_view(_SITES, "south", "worker-1")
    assert seen["gateway"] is True
    assert (seen["own"], seen["remote"]) == (["10.0.1.0/24", "10.0.2.0/24"], ["10.0.0.0/24"])
    assert site_view(_SITES, "south", "worker-2")["gateway"] is False
    assert site_view({}, "", "worker-2") == {}
