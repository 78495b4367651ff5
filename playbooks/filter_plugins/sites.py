"""The sites of a cluster: what joins them, and every problem of what the inventory says of them."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import Any

Variables = Mapping[str, Any]
Hosts = Mapping[str, Variables]
_FIELDS = {"gateway", "endpoint", "networks", "address"}
_KEY_BYTES = 32


def sites_gateways(sites: Mapping[str, Variables]) -> list[str]:
    """The hosts that join sites."""
    return [str(site["gateway"]) for _, site in sorted(sites.items())]


def site_view(sites: Mapping[str, Variables], own: str, host: str) -> dict[str, Any]:
    """What the firewall of a host needs to know; empty where no sites are joined."""
    if own not in sites:
        return {}
    others = [site for name, site in sorted(sites.items()) if name != own]
    return {
        "gateway": sites[own]["gateway"] == host,
        "own": list(sites[own]["networks"]),
        "remote": [network for site in others for network in site["networks"]],
        "endpoints": [str(site["endpoint"]) for site in others],
    }


def site_asked(
    sites: Mapping[str, Variables], host: str, hosts: Hosts, keys: Mapping[str, str], way: Mapping[str, int]
) -> dict[str, Any]:
    """What network-sites is asked for on a host; ``keys``: gateway -> public key; ``way``: port, MTU."""
    own = str(hosts[host]["network_site"])
    gateway = str(sites[own]["gateway"])
    address = str(sites[own].get("address") or hosts[gateway]["ansible_host"])
    others = {name: site for name, site in sorted(sites.items()) if name != own}
    networks = [network for site in others.values() for network in site["networks"]]
    if host != gateway:
        return {"mtu": way["mtu"], "via": address, "networks": networks}
    peers = [
        {
            "site": name,
            "key": keys.get(str(site["gateway"]), ""),
            "endpoint": f"{site['endpoint']}:{way['port']}",
            "networks": list(site["networks"]),
        }
        for name, site in others.items()
    ]
    return {"mtu": way["mtu"], "address": address, "port": way["port"], "networks": networks, "peers": peers}


def site_problems(hosts: Hosts, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Every problem as ``field: value: rule; fix``, sorted; no key is ever shown."""
    ours = {name: dict(hosts[name]) for name in groups["all"]}
    told = {repr(each.get("network_sites")) for each in ours.values() if each.get("network_sites")}
    if not told:
        return sorted(_without(ours))
    if len(told) > 1 or any(not each.get("network_sites") for each in ours.values()):
        rule = "hosts differ, and each would join others"
        return [_problem("inventory", "network_sites", "set", rule, "set it once, for all hosts")]
    sites = next(each["network_sites"] for each in ours.values())
    if wrong := list(_forms(sites)):
        return sorted(wrong)
    checks = (_networks(sites), _gateways(sites, ours), _members(sites, ours), _settings(ours))
    return sorted({problem for check in checks for problem in check})


def _problem(where: str, field: str, value: object, rule: str, fix: str) -> str:
    return f"{where}: {field}: {value}: {rule}; {fix}"


def _without(hosts: Hosts) -> Iterator[str]:
    for name, variables in hosts.items():
        if variables.get("network_site"):
            fix = "name the sites in network_sites"
            yield _problem(name, "network_site", variables["network_site"], "is no site: there are none", fix)


def _forms(sites: object) -> Iterator[str]:
    if not isinstance(sites, Mapping) or len(sites) < 2:
        fix = "name two sites or more, or none"
        yield _problem("inventory", "network_sites", "set", "is no mapping of two sites or more", fix)
        return
    for name, site in sites.items():
        where = f"network_sites[{name}]"
        if not isinstance(site, Mapping):
            yield _problem("inventory", where, site, "is no mapping", "write gateway, endpoint and networks")
            continue
        for unknown in sorted(map(str, set(site) - _FIELDS)):
            fix = f"there are {', '.join(sorted(_FIELDS))}"
            yield _problem("inventory", f"{where}.{unknown}", "set", "is nothing that a site has", fix)
        if not site.get("gateway"):
            yield _problem("inventory", f"{where}.gateway", "none", "a site is joined by one", "name a host")
        for part in ("endpoint", "address"):
            if part == "address" and not site.get(part):
                continue
            if _address(site.get(part)) is None:
                fix = "give the one that the other sites send to" if part == "endpoint" else "give one"
                shown = site.get(part) or "none"
                yield _problem("inventory", f"{where}.{part}", shown, "is no IPv4 address", fix)
        networks = site.get("networks")
        if not isinstance(networks, list) or not networks:
            yield _problem("inventory", f"{where}.networks", networks or "none", "is no list", "write [CIDR]")
            continue
        for network in networks:
            if _network(network) is None:
                fix = "write it as 10.20.0.0/22"
                yield _problem("inventory", f"{where}.networks", network, "is no network", fix)


def _networks(sites: Mapping[str, Variables]) -> Iterator[str]:
    all_of = [(name, IPv4Network(each)) for name, site in sites.items() for each in site["networks"]]
    for (one, first), (other, second) in combinations(all_of, 2):
        if first.overlaps(second):
            where = f"network_sites[{other}].networks"
            rule = f"overlaps {first} of {one}"
            yield _problem("inventory", where, second, rule, "give each site its own")
    for name, site in sites.items():
        for owner, network in all_of:
            if IPv4Address(str(site["endpoint"])) in network:
                where = f"network_sites[{name}].endpoint"
                rule = f"is in a network of {owner}: the tunnel would lead through itself"
                yield _problem("inventory", where, site["endpoint"], rule, "give the one outside")


def _gateways(sites: Mapping[str, Variables], hosts: Hosts) -> Iterator[str]:
    endpoints: dict[str, str] = {}
    for name, site in sites.items():
        gateway, where = str(site["gateway"]), f"network_sites[{name}]"
        if gateway not in hosts:
            fix = "name one of the site"
            yield _problem("inventory", f"{where}.gateway", gateway, "is no host of the inventory", fix)
        elif hosts[gateway].get("network_site") != name:
            shown = hosts[gateway].get("network_site") or "none"
            yield _problem(
                gateway, "network_site", shown, f"is not {name}, whose gateway it is", "correct one"
            )
        else:
            address = _address(site.get("address") or hosts[gateway].get("ansible_host"))
            if address is None or not any(address in IPv4Network(each) for each in site["networks"]):
                rule = f"is in no network of {name}"
                fix = "give the gateway's address there"
                yield _problem("inventory", f"{where}.address", address or "none", rule, fix)
        if (other := endpoints.setdefault(str(site["endpoint"]), name)) != name:
            rule = f"is {other}'s as well"
            yield _problem("inventory", f"{where}.endpoint", site["endpoint"], rule, "give each its own")


def _members(sites: Mapping[str, Variables], hosts: Hosts) -> Iterator[str]:
    for name, variables in hosts.items():
        own = variables.get("network_site") or "none"
        if own not in sites:
            fix = f"write one of {', '.join(sorted(sites))}"
            yield _problem(name, "network_site", own, "is no site", fix)
            continue
        address = _address(variables.get("ansible_host"))
        for other, site in sites.items():
            if other != own and address and any(address in IPv4Network(each) for each in site["networks"]):
                yield _problem(name, "ansible_host", address, f"is in {other}, not {own}", "correct one")


def _settings(hosts: Hosts) -> Iterator[str]:
    for name, variables in hosts.items():
        for field, least, most, default in (
            ("network_sites_port", 1, 65535, 51820),
            ("network_sites_mtu", 1280, 8920, 1420),
        ):
            value = variables.get(field, default)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                yield _problem(name, field, value, f"is not from {least} to {most}", f"write {default}")
        for site, key in (variables.get("network_sites_keys") or {}).items():
            if not _is_key(key):
                fix = "give what wg genkey makes, or none"
                yield _problem(name, f"network_sites_keys[{site}]", "set", "is no WireGuard key", fix)


def _is_key(value: object) -> bool:
    try:
        return len(base64.b64decode(str(value).strip(), validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False


def _address(value: object) -> IPv4Address | None:
    try:
        return IPv4Address(str(value))
    except ValueError:
        return None


def _network(value: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(value))
    except ValueError:
        return None


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {
            "site_asked": site_asked,
            "site_problems": site_problems,
            "site_view": site_view,
            "sites_gateways": sites_gateways,
        }
