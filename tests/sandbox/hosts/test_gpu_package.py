"""The package that stands in for the driver: its releases, each of which knows itself and says what it is."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datahall.sandbox.hosts import gpu_package

_ROLE = Path(__file__).resolve().parents[3] / "playbooks/roles/gpu/defaults/main.yml"


def _answer(release: gpu_package.Release, into: Path) -> "subprocess.CompletedProcess[str]":
    prefix = "usr/lib/python3/dist-packages/"
    for name, (content, _) in gpu_package._files(release).items():
        if name.startswith(prefix):
            file = into / name.removeprefix(prefix)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    asked = [sys.executable, "-m", "emulated_gpu.smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(asked, check=False, capture_output=True, text=True, cwd=into)


@pytest.mark.parametrize("release", gpu_package.RELEASES, ids=lambda release: release.driver)
def test_a_release_answers_with_its_own_version_or_as_a_driver_that_is_not_loaded(
    release: gpu_package.Release, tmp_path: Path
) -> None:
    done = _answer(release, tmp_path)
    if release.works:
        assert done.stdout.splitlines() == [release.driver] * 8
    else:
        assert done.returncode == 9
        assert "couldn't communicate with the NVIDIA driver. (EMULATED)" in done.stdout


def test_every_release_says_that_it_is_emulated_and_the_broken_one_that_it_is_broken() -> None:
    assert len({release.version for release in gpu_package.RELEASES}) == 3
    for release in gpu_package.RELEASES:
        assert "EMULATED" in release.control
        assert release.version.endswith("+emulated")
        assert ("broken on purpose" in release.control) is not release.works


def test_the_role_pins_one_that_works() -> None:
    (pinned,) = yaml.safe_load(_ROLE.read_text())["gpu_emulated_packages"]
    name, _, version = pinned.partition("=")
    assert name == gpu_package.NAME
    assert version in {release.version for release in gpu_package.RELEASES if release.works}
