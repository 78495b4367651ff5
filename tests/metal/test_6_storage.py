"""The role storage on emulated hosts: what it writes is real and sound, what it cannot do it says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_PLANTED = """
worker:
  hosts:
    worker-1:
      storage_volumes: [{name: scratch, device: /dev/disk/by-id/nvme-1, mount: /scratch, filesystem: xfs},
                        {name: data, device: /dev/disk/by-id/nvme-2, mount: /data, filesystem: ext4}]
      storage_keys: {data: a-key-of-the-stack}
      storage_quotas: [{mount: /scratch, user: ops, soft: 10, hard: 12}]
      storage_mounts: [{server: service-1, path: /srv/shared, mount: /shared}]
service: {hosts: {service-1: {storage_exports: [{path: /srv/shared, to: [198.18.0.0/24]}]}}}
"""


@pytest.fixture(scope="module")
def stored(
    converged: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Run, tuple[str, ...]]]:
    """The hosts with storage, the run that made it, and how it is asked for."""
    planted: Path = tmp_path_factory.mktemp("storage") / "planted.yml"
    planted.write_text(_PLANTED)
    asked = ("site.yml", "--tags", "storage", "-i", "inventory/emulated.py", "-i", str(planted))
    yield converged, converged.playbook(*asked, "--diff").succeeded(), asked
    converged.ssh("worker-1", "sudo rm -rf /etc/storage /scratch /data /etc/systemd/system/shared.mount")
    converged.ssh("service-1", "sudo rm -rf /etc/exports.d /srv/shared")


def test_what_is_emulated_is_said_and_a_second_run_changes_nothing(
    stored: tuple[Site, Run, tuple[str, ...]],
) -> None:
    site, run, asked = stored
    assert "worker-1: /scratch, /data: EMULATED, a plain folder: nothing on it is encrypted" in run.said
    assert "worker-1: /shared: EMULATED, written down and not mounted" in run.said
    assert "worker-1: EMULATED, 1 quotas are not in force" in run.said
    assert "service-1: /srv/shared: EMULATED, written down and not served" in run.said
    assert "a-key-of-the-stack" not in run.output
    again = site.playbook(*asked).succeeded()
    assert set(again.changed.values()) == {0}, again.output


def test_keys_are_roots_alone_and_units_are_sound(stored: tuple[Site, Run, tuple[str, ...]]) -> None:
    site, _, _ = stored
    keys = site.ssh("worker-1", "sudo find /etc/storage/keys -printf '%m %u %f %s\\n' | sort -k 3")
    assert keys.splitlines()[0].startswith("400 root data 18")
    assert keys.splitlines()[1].startswith("700 root keys")
    assert keys.splitlines()[2] == "400 root scratch 64"
    site.ssh("worker-1", "sudo systemd-analyze verify shared.mount")
    assert (
        site.ssh("worker-1", "grep What /etc/systemd/system/shared.mount").strip()
        == "What=service-1:/srv/shared"
    )
    exports = site.ssh("service-1", "cat /etc/exports.d/cluster.exports")
    assert "/srv/shared 198.18.0.0/24(rw,sync,no_subtree_check,root_squash)" in exports


def test_what_is_taken_out_of_the_lists_is_served_and_mounted_no_more(
    stored: tuple[Site, Run, tuple[str, ...]],
) -> None:
    site, _, asked = stored
    empty = ("-e", '{"storage_exports": [], "storage_mounts": []}')
    only = (*asked, *empty)
    assert site.playbook(*only).succeeded().changed["service-1"] == 1
    assert site.ssh("service-1", "ls /etc/exports.d").strip() == ""
    assert "shared.mount" not in site.ssh("worker-1", "ls /etc/systemd/system")
    again = site.playbook(*only).succeeded()
    assert set(again.changed.values()) == {0}, again.output
