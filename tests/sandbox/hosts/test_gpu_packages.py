"""The packages that stand in for NVIDIA's: each release knows itself, and all of them say what they are."""

from pathlib import Path

import pytest
import yaml

from datahall.sandbox.hosts import gpu_packages
from tests.sandbox.hosts.gpu_host import GpuHost

_ROLE = Path(__file__).resolve().parents[3] / "playbooks/roles/gpu/defaults/main.yml"


@pytest.mark.parametrize("release", gpu_packages.RELEASES, ids=lambda release: release.driver)
def test_a_release_answers_with_its_own_version_or_as_a_driver_that_is_not_loaded(
    release: gpu_packages.Release, tmp_path: Path
) -> None:
    host = GpuHost.make(tmp_path, release)
    asked = "--query-gpu=driver_version --format=csv,noheader"
    if release.works:
        assert host.smi(asked).splitlines() == [release.driver] * 8
    else:
        assert "couldn't communicate with the NVIDIA driver. (EMULATED)" in host.smi(asked, 9)


def test_every_package_says_that_it_is_emulated_and_the_broken_one_that_it_is_broken() -> None:
    for package in gpu_packages.packages():
        assert "EMULATED" in package.control
        assert package.version.endswith("+emulated")
    for release in gpu_packages.RELEASES:
        assert ("broken on purpose" in gpu_packages.driver(release).control) is not release.works


def test_the_role_pins_what_is_there_and_works() -> None:
    there = {f"{package.name}={package.version}" for package in gpu_packages.packages()}
    broken = {release.version for release in gpu_packages.RELEASES if not release.works}
    defaults = yaml.safe_load(_ROLE.read_text())
    for name, packages in defaults.items():
        if name.startswith("gpu_emulated_") and name.endswith("packages"):
            assert set(packages) <= there, name
            assert not [each for each in packages if each.partition("=")[2] in broken], name
