#!/usr/bin/python3
"""The way to the other sites as it is to be, compared with what it is; installed as network-sites.

A site's gateway joins the others' by WireGuard; the other hosts lead what is for other sites to it.
Where the tunnel is not there, what is for another site goes nowhere: a route of last resort refuses it, so it
never leaves in clear. ``check`` says what differs and changes nothing; ``apply`` sets it and writes it down;
what is asked is JSON on stdin, with ``--kept`` what was written down last. ``key NAME`` makes the host's key
once for each NAME, ``key --given`` takes it from stdin, ``public`` says what of it others may know.

Exit codes: 0 as asked, 1 it differs, 2 it cannot be: field, value, rule, fix.
"""

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("NETWORK_SITES_ROOT", "/"))
KEPT, LOCK = ROOT / "etc/network-sites.json", ROOT / "run/network-sites.lock"
KEY, KEY_FOR = ROOT / "etc/wireguard/sites.key", ROOT / "etc/wireguard/sites.key-for"
FORWARDING = ROOT / "proc/sys/net/ipv4/conf"
LINK, USERSPACE, UNIT = "sites", "wireguard-go", "network-sites-tunnel.service"
# By these our routes are known: no routing daemon has this number, and any other route is before this metric.
PROTOCOL, LAST = "77", "4294967000"
# A gateway behind a NAT stays reachable; what WireGuard's authors advise.
KEEPALIVE_S = "25"


class SitesError(Exception):
    """It cannot be; field, value, rule, fix."""


@dataclass(frozen=True)
class Peer:
    """Another site's gateway; the key is empty where it is not known."""

    site: str
    key: str
    endpoint: str
    networks: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """What is to be: of a gateway with its address in the site, of another host the gateway's (``via``)."""

    mtu: int = 1420
    address: str = ""
    port: int = 0
    via: str = ""
    networks: Sequence[str] = ()
    peers: Sequence[Peer] = field(default_factory=tuple)


def run(*argv: str, told: str | None = None) -> str:
    """What a command says.

    Raises:
        SitesError: it failed.
    """
    done = subprocess.run(argv, check=False, capture_output=True, text=True, input=told)
    if done.returncode:
        raise SitesError(f"{' '.join(argv[:3])}: {done.stderr.strip() or done.returncode}; see there")
    return done.stdout


def public() -> str:
    """The host's public key, empty where it has none."""
    return run("wg", "pubkey", told=KEY.read_text()).strip() if KEY.exists() else ""


def links() -> dict[str, dict[str, Any]]:
    """Name -> what ``ip`` says of an interface."""
    return {each["ifname"]: each for each in json.loads(run("ip", "-json", "address") or "[]") if each}


def routes() -> set[str]:
    """Our routes, as ``ip route add`` takes them."""
    told = json.loads(run("ip", "-details", "-json", "route", "show", "protocol", PROTOCOL) or "[]")
    return {_route(each) for each in told}


def _route(told: Mapping[str, Any]) -> str:
    if told.get("type", "unicast") == "unreachable":
        return f"unreachable {told['dst']} metric {told['metric']}"
    if "gateway" in told:
        mtu = {name: value for each in told.get("metrics", []) for name, value in each.items()}.get("mtu", 0)
        return f"{told['dst']} via {told['gateway']} mtu {mtu}"
    return f"{told['dst']} dev {told['dev']} src {told.get('prefsrc', 'none')}"


def wanted_routes(asked: Asked) -> set[str]:
    """The routes that are to be ours."""
    networks = [network.removesuffix("/32") for network in asked.networks]
    last = {f"unreachable {network} metric {LAST}" for network in networks}
    if asked.via:
        return last | {f"{network} via {asked.via} mtu {asked.mtu}" for network in networks}
    return last | {f"{network} dev {LINK} src {asked.address}" for network in networks}


def tunnel() -> set[str]:
    """The tunnel as it is, a line a fact; its private key is left out."""
    own, *peers = [line.split("\t") for line in run("wg", "show", LINK, "dump").splitlines()]
    facts = {f"public key {own[1]}", f"port {own[2]}"}
    for key, _, endpoint, allowed, _, _, _, keepalive in peers:
        networks = ",".join(sorted(allowed.split(",")))
        # where a peer sends from may be what a NAT makes of it, so it is not compared
        nowhere = " at no address" if endpoint == "(none)" else ""
        facts.add(f"peer {key}{nowhere} for {networks}, every {keepalive} s")
    return facts


def wanted_tunnel(asked: Asked) -> set[str]:
    """The tunnel as it is to be; a peer whose key nobody knows yet is left out."""
    peers = {
        f"peer {peer.key} for {','.join(sorted(peer.networks))}, every {KEEPALIVE_S} s"
        for peer in asked.peers
        if peer.key
    }
    return {f"public key {public()}", f"port {asked.port}"} | peers


def lan(asked: Asked, there: Mapping[str, Mapping[str, Any]]) -> str:
    """The interface by which a gateway is in its site.

    Raises:
        SitesError: none has its address.
    """
    for name, each in there.items():
        if name != LINK and any(had.get("local") == asked.address for had in each.get("addr_info", [])):
            return name
    raise SitesError(f"network_sites.address: {asked.address}: no interface of this host has it; correct it")


def differences(asked: Asked) -> Iterator[str]:
    """What differs, a line each.

    Raises:
        SitesError: it cannot be so.
    """
    there = links()
    if asked.port:
        inside = lan(asked, there)
        if not KEY.exists():
            yield f"{KEY}: is not there"
        elif LINK not in there:
            yield f"{LINK}: is not there"
        else:
            if there[LINK]["mtu"] != asked.mtu or "UP" not in there[LINK].get("flags", []):
                yield f"{LINK}: MTU {there[LINK]['mtu']}, not {asked.mtu}, or not up"
            yield from _unlike("tunnel", tunnel(), wanted_tunnel(asked))
        for name in (inside, LINK):
            forwards = FORWARDING / name / "forwarding"
            if not forwards.exists() or forwards.read_text().strip() != "1":
                yield f"{name}: forwards nothing"
    elif LINK in there:
        yield f"{LINK}: is there, and this host is no gateway"
    yield from _unlike("route", routes(), wanted_routes(asked))


def _unlike(what: str, there: set[str], wanted: set[str]) -> Iterator[str]:
    for each in sorted(there - wanted):
        yield f"{what}: {each}: is there and not asked for"
    for each in sorted(wanted - there):
        yield f"{what}: {each}: is not there"


def apply(asked: Asked) -> list[str]:
    """Set what differs; what did.

    Raises:
        SitesError: it cannot be so.
    """
    said = list(differences(asked))
    there = links()
    if asked.port:
        if not KEY.exists():
            raise SitesError(f"{KEY}: is not there: the tunnel needs it; run site.yml")
        if LINK not in there:
            _make()
        # by stdin: neither a command line nor another file ever has the key
        run("wg", "syncconf", LINK, "/dev/stdin", told=_configuration(asked))
        run("ip", "link", "set", "dev", LINK, "mtu", str(asked.mtu), "up")
        for name in (lan(asked, there), LINK):
            (FORWARDING / name / "forwarding").write_text("1\n")
    elif LINK in there:
        _end()
    had, wanted = routes(), wanted_routes(asked)
    # what comes is there before what it replaces goes
    for each in sorted(wanted - had):
        run("ip", "route", "replace", *each.split(), "protocol", PROTOCOL)
    for each in sorted(routes() - wanted):
        run("ip", "route", "delete", *each.split(), "protocol", PROTOCOL)
    if left := list(differences(asked)):
        raise SitesError(f"{left[0]}: is not mended from here: see journalctl --unit={UNIT}")
    return said


def _configuration(asked: Asked) -> str:
    lines = ["[Interface]", f"PrivateKey = {KEY.read_text().strip()}", f"ListenPort = {asked.port}"]
    for peer in asked.peers:
        if peer.key:
            lines += ["[Peer]", f"PublicKey = {peer.key}", f"Endpoint = {peer.endpoint}"]
            lines += [f"AllowedIPs = {', '.join(peer.networks)}", f"PersistentKeepalive = {KEEPALIVE_S}"]
    return "\n".join([*lines, ""])


def _make() -> None:
    """By the kernel; by wireguard-go in a unit of its own where the kernel has no WireGuard."""
    made = subprocess.run(
        ["ip", "link", "add", "dev", LINK, "type", "wireguard"], check=False, capture_output=True, text=True
    )
    if made.returncode == 0:
        return
    if shutil.which(USERSPACE) is None:
        raise SitesError(f"wireguard: {made.stderr.strip()}: the kernel has none; install {USERSPACE}")
    run("systemctl", "restart", UNIT)
    deadline = time.monotonic() + 10
    while subprocess.run(["wg", "show", LINK], check=False, capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise SitesError(f"{UNIT}: brings no {LINK} up within 10 s: see journalctl --unit={UNIT}")
        time.sleep(0.05)


def _end() -> None:
    if subprocess.run(["systemctl", "--quiet", "is-active", UNIT], check=False).returncode == 0:
        run("systemctl", "stop", UNIT)
    else:
        run("ip", "link", "delete", "dev", LINK)


def make_key(name: str, given: str | None, *, only_look: bool) -> bool:
    """Have a key for this name, or the one that is given; whether there was another, or none."""
    if given is None:
        there = KEY.exists() and KEY_FOR.exists() and KEY_FOR.read_text() == name
    else:
        there = KEY.exists() and KEY.read_text().strip() == given.strip()
    if there or only_look:
        return not there
    KEY.parent.mkdir(mode=0o700, exist_ok=True)
    KEY.parent.chmod(0o700)
    key = run("wg", "genkey") if given is None else given
    run("wg", "pubkey", told=key)  # refuses what is no key
    write(KEY, key.strip() + "\n")
    write(KEY_FOR, name)
    return True


def write(file: Path, text: str) -> None:
    """Whole or not at all, and root's alone."""
    new = file.with_name(f"{file.name}.new")
    new.touch(mode=0o600)
    new.chmod(0o600)
    new.write_text(text)
    new.replace(file)


def parsed(told: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked; a peer that could not be asked for its key keeps the one that it had."""
    had = {peer["site"]: peer["key"] for peer in before.get("peers", [])}
    peers = [{**peer, "key": peer["key"] or had.get(peer["site"], "")} for peer in told.get("peers", [])]
    return {**told, "peers": peers}


def do(verb: str, *, from_kept: bool) -> list[str]:
    """Check or apply; the lines that it says.

    Raises:
        SitesError: it cannot be done.
    """
    before: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if from_kept and not before:
        raise SitesError(f"{KEPT}: is not there: nothing was asked yet; run site.yml")
    told = before if from_kept else parsed(json.load(sys.stdin), before)
    asked = Asked(**{**told, "peers": [Peer(**peer) for peer in told.get("peers", [])]})
    said = list(differences(asked)) if verb == "check" else apply(asked)
    if told != before:
        said = [*said, f"{KEPT}: does not say so yet"]
        if verb == "apply":
            write(KEPT, json.dumps(told, sort_keys=True) + "\n")
    return said


def main() -> int:
    """Parse, and do it alone."""
    parser = argparse.ArgumentParser(prog="network-sites", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("check", "apply"):
        verbs.add_parser(verb).add_argument("--kept", action="store_true")
    key = verbs.add_parser("key")
    key.add_argument("name")
    key.add_argument("--given", action="store_true", help="the key is on stdin")
    key.add_argument("--check", action="store_true", help="only say whether it would be made")
    verbs.add_parser("public")
    args = parser.parse_args()
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH if args.verb in ("check", "public") else fcntl.LOCK_EX)
        try:
            if args.verb == "public":
                print(public())
                return 0
            if args.verb == "key":
                given = sys.stdin.read() if args.given else None
                print("made" if make_key(args.name, given, only_look=args.check) else "there")
                return 0
            said = do(args.verb, from_kept=args.kept)
        except SitesError as error:
            print(error, file=sys.stderr)
            return 2
    print("".join(f"{line}\n" for line in said), end="")
    return 1 if said and args.verb == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
