"""The firewall's rules, rendered without hosts: who is let in by an allowance."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks/roles/network/templates"
_GROUPS = {"all": ["head-1", "worker-1"], "head": ["head-1"], "worker": ["worker-1"], "edge": []}
_ADDRESSES = {"head-1": {"ansible_host": "10.0.0.1"}, "worker-1": {"ansible_host": "10.0.0.2"}}


def _rules(
    source: str, *, on: str = "head-1", to: str = "head", sites: dict[str, list[str]] | None = None
) -> list[str]:
    environment = Environment(  # noqa: S701 - rules of a firewall, no HTML
        loader=FileSystemLoader(_TEMPLATES), trim_blocks=True, undefined=StrictUndefined
    )
    environment.filters["extract"] = lambda name, variables, field: variables[name][field]
    environment.tests["match"] = lambda text, pattern: re.match(pattern, text) is not None
    allowance = {"name": "it", "from": source, "to": to, "protocol": "tcp", "ports": ["443"]}
    text = environment.get_template("etc/nftables.conf.j2").render(
        groups=_GROUPS, hostvars=_ADDRESSES, inventory_hostname=on, network_admin_cidrs=[],
        network_allowances=[], network_allowances_more=[allowance], ansible_managed="managed",
        network_sites_gateway=bool(sites), network_sites_seen=sites, network_sites_port=51820,
    )  # fmt: skip
    return [line.strip() for line in text.splitlines() if any(mark in line for mark in ('"it"', "sites"))]


@pytest.mark.parametrize(
    ("source", "shown"),
    [("worker", "{ 10.0.0.2 }"), ("10.1.0.0/24", "10.1.0.0/24"), ("10.1.0.7", "10.1.0.7")],
)
def test_a_group_a_network_and_an_address_are_let_in(source: str, shown: str) -> None:
    assert _rules(source) == [f'ip saddr {shown} tcp dport {{ 443 }} accept comment "it"']


@pytest.mark.parametrize("source", ["edge", "service"])
def test_a_group_that_is_empty_or_not_there_lets_nobody_in(source: str) -> None:
    assert _rules(source) == []


def test_an_allowance_is_for_its_own_group_alone() -> None:
    assert _rules("worker", on="worker-1") == []


def test_a_gateway_takes_from_other_sites_what_comes_by_the_tunnel_and_the_tunnel_from_their_gateways() -> (
    None
):
    seen = {"own": ["10.0.0.0/24"], "remote": ["10.0.1.0/24", "10.0.2.0/24"], "endpoints": ["192.0.2.1"]}
    assert _rules("edge", sites=seen) == [
        'iifname != "sites" ip saddr { 10.0.1.0/24, 10.0.2.0/24 } counter drop '
        'comment "of another site, and not by the tunnel"',
        'ip saddr { 192.0.2.1 } udp dport 51820 accept comment "other sites\' gateways"',
        'iifname "sites" ip saddr { 10.0.1.0/24, 10.0.2.0/24 } ip daddr { 10.0.0.0/24 } accept',
        'oifname "sites" ip saddr { 10.0.0.0/24 } ip daddr { 10.0.1.0/24, 10.0.2.0/24 } accept',
    ]


def test_an_allowance_for_a_group_that_is_not_there_is_nobodys() -> None:
    assert _rules("worker", to="storage") == []
    assert _rules("worker", to="edge") == []
