"""The site's mirror: hosts install from the service host alone, and take nothing that was tampered with."""

from collections.abc import Iterator

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(1800)
_AT = "http://198.18.0.20:80/"
_UPDATE = "sudo apt-get -o APT::Update::Error-Mode=any update"
_SOURCES = (
    "cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null"
)
_FETCH = "cd /tmp && rm -f haproxy_*.deb && apt-get download haproxy"
_CONF = "/etc/nginx/conf.d/mirror.conf"
_TAMPERED = "/srv/tampered"


def test_hosts_have_that_source_alone_and_what_it_says_is_signed(converged: Site) -> None:
    for name in ("head-1", "worker-1", "worker-2"):
        shown = converged.try_ssh(name, _SOURCES).stdout
        assert f"URIs: {_AT}\n" in shown
        assert shown.count("URIs:") == 1
        assert "trusted" not in shown.lower()
        assert converged.try_ssh(name, "test -e /srv/mirror").returncode == 1, "no host has the folder itself"
        converged.ssh(name, _UPDATE)
    assert "URIs: file:/srv/mirror\n" in converged.try_ssh("service-1", _SOURCES).stdout
    assert _AT.rstrip("/") in converged.ssh("worker-1", "apt-cache policy slurmd")
    unsigned = "sudo rm -rf /var/lib/apt/lists/* && sudo mv /etc/apt/keyrings/site.asc{,.away}"
    converged.ssh("worker-1", f"bash -c '{unsigned}'")
    assert converged.try_ssh("worker-1", _UPDATE).returncode == 100, "it is the key that lets it in"
    mended = converged.playbook("site.yml", "--limit", "worker-1", "--tags", "base_sources").succeeded()
    assert mended.changed["worker-1"] > 0
    converged.ssh("worker-1", f"sudo rm /etc/apt/keyrings/site.asc.away && {_UPDATE}")


def test_another_source_is_put_away_and_leave_to_install_unsigned_is_refused(converged: Site) -> None:
    only = ("--limit", "worker-1", "--tags", "base_sources")
    other, loose = "/etc/apt/sources.list.d/other.list", "/etc/apt/apt.conf.d/99loose"
    converged.ssh("worker-1", f"echo 'deb [trusted=yes] file:/opt ./' | sudo tee {other}")
    seen = converged.playbook("site.yml", "--check", *only).succeeded()
    assert seen.changed["worker-1"] > 0
    converged.playbook("site.yml", *only).succeeded()
    assert converged.try_ssh("worker-1", f"test -e {other}").returncode == 1
    converged.ssh("worker-1", f"test -e {other}.disabled && sudo rm {other}.disabled")
    converged.ssh("worker-1", f"""echo 'APT::Get::AllowUnauthenticated "true";' | sudo tee {loose}""")
    run = converged.playbook("site.yml", *only)
    converged.ssh("worker-1", f"sudo rm {loose}")
    assert run.code != 0
    assert 'APT::Get::AllowUnauthenticated "true"; lets it install what nobody signed' in run.said
    assert converged.playbook("site.yml", *only).succeeded().changed == {"worker-1": 0}


@pytest.fixture
def tampered(converged: Site) -> Iterator[Site]:
    """A folder that is the mirror's, by links, for somebody to change; afterwards the mirror is as it was."""
    converged.ssh("service-1", f"sudo mkdir {_TAMPERED} && sudo ln -s /srv/mirror/* {_TAMPERED}/")
    yield converged
    converged.ssh("service-1", f"sudo rm -r {_TAMPERED}")
    run = converged.playbook("site.yml", "--limit", "service-1", "--tags", "mirror").succeeded()
    assert run.changed["service-1"] > 0, "what was served is mended"
    converged.ssh("worker-2", f"{_UPDATE} && {_FETCH}")


def _change(site: Site, name: str, how: str) -> None:
    path = f"{_TAMPERED}/{name}"
    site.ssh(
        "service-1",
        f"sudo cp --remove-destination $(readlink -f {path}) {path}.new && sudo mv {path}.new {path}",
    )
    site.ssh("service-1", f"sudo {how} {path}")


def test_a_folder_that_is_tampered_with_is_refused_before_it_is_served_and_by_every_host(
    tampered: Site,
) -> None:
    deb = tampered.ssh("service-1", f"cd {_TAMPERED} && ls haproxy_*.deb").strip()
    _change(tampered, deb, "truncate --size=-1")
    _change(tampered, "InRelease", "sed -i s/datahall/elsewhere/")
    asked = ("-e", f"mirror_folder={_TAMPERED}")
    said = f"service-1: mirror_folder: {_TAMPERED}: apt does not take it: GPG error"
    for name in ("validate.yml", "site.yml"):
        run = tampered.playbook(name, *asked, *(("--tags", "mirror") if name == "site.yml" else ()))
        assert run.code != 0
        assert said in run.said, run.output[-3000:]
        assert not any(run.changed.values())
    assert run.failed == {"service-1"}
    assert "service-1: did not come through, and every other host did" in run.said
    tampered.ssh("service-1", f"sudo ln -sf /srv/mirror/InRelease {_TAMPERED}/InRelease")
    run = tampered.playbook("validate.yml", *asked)
    assert f"mirror_folder: {_TAMPERED}: {deb} has" in run.said, run.output[-3000:]

    # somebody changes it under the server: each host finds it by itself
    converge = f"sudo sed -i 's|root .*;|root {_TAMPERED};|' {_CONF} && sudo systemctl reload nginx"
    tampered.ssh("service-1", converge)
    fetched = tampered.try_ssh("worker-2", _FETCH)
    assert fetched.returncode == 100
    assert "size mismatch" in fetched.stderr.lower() or "unexpected size" in fetched.stderr
    _change(tampered, "InRelease", "sed -i s/datahall/elsewhere/")
    update = tampered.try_ssh("worker-2", _UPDATE)
    assert update.returncode == 100
    assert "BADSIG" in update.stderr + update.stdout


def test_nobody_outside_the_clusters_network_reaches_it(converged: Site) -> None:
    outside = "198.19.0.1"
    ask = (
        "python3 -c \"import http.client; c = http.client.HTTPConnection('198.18.0.20', 80, timeout=5,"
        f" source_address=('{outside}', 0)); c.request('GET', '/Release'); print(c.getresponse().status)\""
    )
    let_in = f"sudo nft insert rule inet cluster input ip saddr {outside} tcp dport 80 accept"
    converged.ssh("worker-1", f"sudo ip address add {outside}/32 dev host0")
    converged.ssh("service-1", f"sudo ip route add {outside}/32 dev host0")
    try:
        refused = converged.try_ssh("worker-1", ask)
        assert "timed out" in refused.stderr, "the firewall drops it"
        converged.ssh("service-1", let_in)
        assert converged.ssh("worker-1", ask).strip() == "403", "and so would the server refuse it"
        within = ask.replace(outside, "198.18.0.101")
        assert converged.ssh("worker-1", within).strip() == "200"
        assert converged.ssh("worker-1", within.replace("'GET'", "'PUT'")).strip() == "403"
    finally:
        converged.ssh("worker-1", f"sudo ip address del {outside}/32 dev host0")
        converged.ssh(
            "service-1", f"sudo ip route del {outside}/32 dev host0; sudo nft --file /etc/nftables.conf"
        )


def test_while_it_is_dead_what_is_installed_stays_and_what_is_not_is_refused(converged: Site) -> None:
    only = ("--limit", "worker-1")
    hosts.stop(converged.folder, "service-1")
    try:
        still = converged.playbook("site.yml", *only).succeeded()
        assert still.changed == {"worker-1": 0}, still.output[-4000:]
        converged.ssh(
            "worker-1", "sudo apt-get clean && sudo apt-get -qq --yes remove unattended-upgrades 2>&1"
        )
        run = converged.playbook("site.yml", *only, "--tags", "base_packages")
        assert run.code != 0
        assert "connect to 198.18.0.20:80" in run.said, run.output[-3000:]
        converged.ssh("worker-1", "sudo rm /etc/apt/sources.list.d/site.sources")
        run = converged.playbook("site.yml", *only, "--tags", "base_stale,base_packages")
        assert f"worker-1: {_AT}: service-1 does not serve packages; put it on" in run.said, run.output[
            -3000:
        ]
    finally:
        hosts.start(converged.folder, "service-1")
    run = converged.playbook("site.yml", *only).succeeded()
    assert run.changed["worker-1"] > 0
    run = converged.playbook("site.yml", *only).succeeded()
    assert run.changed == {"worker-1": 0}, run.output[-4000:]
