"""Role storage's Lustre client on emulated hosts: mount.lustre and lctl are stand-ins, all else is real."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_MGS = "198.18.0.20@tcp"
_PLANTED = """
worker:
  hosts:
    worker-1:
      storage_lustre_networks: ["tcp0(host0)"]
      storage_lustre_mounts: [{mgs: ["MGS", 198.18.0.250@tcp0], filesystem: scratch, mount: /lustre/scratch}]
"""


@dataclass(frozen=True)
class _Lustre:
    """The hosts, and how storage is asked for on them."""

    site: Site
    asked: tuple[str, ...]

    def run(self, *more: str) -> Run:
        return self.site.playbook("site.yml", "--tags", "storage", *self.asked, *more)


def _asked(folder: Path, planted: str) -> tuple[str, ...]:
    file = folder / "planted.yml"
    file.write_text(planted)
    return ("-i", "inventory/emulated.py", "-i", str(file))


@pytest.fixture(scope="module")
def lustre(converged: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Lustre]:
    """Somebody answers on the port of LNet where the MGS would be."""
    converged.ssh("service-1", "sudo nft insert rule inet cluster input tcp dport 988 accept")
    _mgs(converged, "systemd-run --quiet --collect --unit=mgs python3 -m http.server 988")
    yield _Lustre(converged, _asked(tmp_path_factory.mktemp("lustre"), _PLANTED.replace("MGS", _MGS)))
    _mgs(converged, "systemctl stop mgs")
    converged.ssh("service-1", "sudo nft -f /etc/nftables.conf")


def _mgs(site: Site, command: str) -> None:
    site.ssh("service-1", f"sudo {command}")


def test_what_is_no_nid_is_found_before_anything_is_asked(converged: Site, tmp_path: Path) -> None:
    asked = _asked(tmp_path, _PLANTED.replace("MGS", "198.18.0.20"))
    run = converged.playbook("validate.yml", *asked)
    assert run.code != 0
    assert "worker-1: storage_lustre_mounts[/lustre/scratch].mgs: 198.18.0.20: is no NID" in run.said


def test_a_wrong_nid_is_refused_and_nothing_is_done(converged: Site, tmp_path: Path) -> None:
    asked = _asked(tmp_path, _PLANTED.replace("MGS", "198.18.0.251@tcp"))
    run = converged.playbook("site.yml", "--tags", "storage", *asked)
    assert run.code != 0
    assert "198.18.0.251@tcp, 198.18.0.250@tcp0: no answer on port 988; correct the NID" in run.said
    assert set(run.changed.values()) == {0}, run.output
    left = "ls -d /etc/systemd/system/*lustre* /etc/modprobe.d/lustre.conf /lustre /sbin/mount.lustre"
    assert converged.try_ssh("worker-1", left).stdout == ""


def test_it_is_mounted_and_says_what_is_behind_it_and_a_second_run_changes_nothing(lustre: _Lustre) -> None:
    run = lustre.run("--diff").succeeded()
    assert "worker-1: /lustre/scratch: EMULATED, a folder of this host, shared with nobody" in run.said
    site = lustre.site
    assert "nosuid" in (
        options := site.ssh("worker-1", "findmnt --noheadings --output OPTIONS /lustre/scratch")
    )
    assert "nodev" in options
    unit = site.ssh("worker-1", "cat /etc/systemd/system/lustre-scratch.mount")
    assert "What=198.18.0.20@tcp:198.18.0.250@tcp0:/scratch\n" in unit
    assert "Options=_netdev,nosuid,nodev,flock\n" in unit
    site.ssh("worker-1", "sudo systemd-analyze verify lustre-scratch.mount")
    assert "198.18.0.101@tcp\n" in site.ssh("worker-1", "sudo lctl list_nids")
    again = lustre.run().succeeded()
    assert set(again.changed.values()) == {0}, again.output


def test_it_is_mounted_again_after_a_boot_and_accepted_while_its_mgs_answers(lustre: _Lustre) -> None:
    site = lustre.site
    site.ssh("worker-1", "echo kept >/lustre/scratch/kept")
    hosts.stop(site.folder, "worker-1")
    hosts.start(site.folder, "worker-1")
    # true: it is asked until it is there
    assert site.until("worker-1", "cat /lustre/scratch/kept || true", "kept")
    site.take_back("worker-1")
    only = ("--limit", "worker-1", *lustre.asked)
    accepted = site.playbook("acceptance.yml", *only).succeeded()
    assert "worker-1: /lustre/scratch: EMULATED, a folder of this host" in accepted.said
    assert site.ssh("worker-1", "ls -A /lustre/scratch").split() == ["kept"]
    _mgs(site, "systemctl stop mgs")
    refused = site.playbook("acceptance.yml", *only)
    _mgs(site, "systemd-run --quiet --collect --unit=mgs python3 -m http.server 988")
    assert refused.code != 0
    assert "failed to ping 198.18.0.20@tcp: Input/output error (EMULATED)" in refused.said


def test_lnet_that_was_loaded_without_a_network_is_told(lustre: _Lustre) -> None:
    run = lustre.run("-e", '{"storage_lustre_networks": ["tcp0(host0)", "tcp1(host0)"]}')
    assert run.code != 0
    assert (
        "storage_lustre_networks: tcp1(host0): LNet was loaded without it; drain the host and boot it"
        in run.said
    )
    lustre.run().succeeded()


def test_what_is_taken_out_of_the_list_is_unmounted_and_forgotten(lustre: _Lustre) -> None:
    gone = ("-e", '{"storage_lustre_mounts": []}')
    run = lustre.run(*gone).succeeded()
    assert run.changed["worker-1"] > 0
    left = "findmnt /lustre/scratch; ls -d /etc/systemd/system/*lustre* /etc/modprobe.d/lustre.conf"
    assert lustre.site.try_ssh("worker-1", left).stdout == ""
    again = lustre.run(*gone).succeeded()
    assert set(again.changed.values()) == {0}, again.output
