"""The package that stands in for Lustre's client, in a folder: what it answers, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datahall.sandbox.hosts import lustre_package

_ROLE = Path(__file__).resolve().parents[3] / "playbooks/roles/storage/defaults/main.yml"


def _run(root: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    for name, (content, mode) in lustre_package.package().files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.replace("/usr/bin/python3 -I -B", f"{sys.executable} -S"))
        file.chmod(mode)
    environment = {
        **os.environ,
        "PYTHONPATH": str(root / "usr/lib/python3/dist-packages"),
        "EMULATED_LUSTRE_ROOT": str(root),
    }
    command = [str(root / "usr/sbin" / argv[0]), *argv[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)


def test_the_package_says_what_it_is_and_the_role_pins_it() -> None:
    package = lustre_package.package()
    assert "EMULATED" in package.control
    assert "There is no Lustre behind it" in package.control
    pinned = yaml.safe_load(_ROLE.read_text())["storage_emulated_lustre_packages"]
    assert pinned == [f"{package.name}={package.version}"]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("mount.lustre", "10.0.0.1:/scratch", "/nowhere"), 22, "can't parse NID '10.0.0.1'"),
        (("mount.lustre", "scratch", "/nowhere"), 22, "write NID[,NID][:NID]:/NAME"),
        (("mount.lustre", "10.0.0.1@tcp:/a", "/nowhere", "-o", "_netdev,fast"), 22, "Invalid argument: fast"),
        (("mount.lustre", "127.0.0.1@tcp:/a", "/nowhere"), 5, "Is the MGS running?"),
        (("lctl", "list_nids"), 2, "IOC_LIBCFS_GET_NI error 2"),
        (("lctl", "dk"), 22, "dk: not emulated"),
        (("lctl", "ping", "127.0.0.1@tcp"), 5, "failed to ping 127.0.0.1@tcp"),
        (("lctl", "ping", "127.0.0.1@o2ib"), 113, "No route to host"),
    ],
)
def test_it_refuses_as_the_real_one_and_says_that_it_is_emulated(
    tmp_path: Path, argv: tuple[str, ...], code: int, said: str
) -> None:
    done = _run(tmp_path, *argv)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "EMULATED" in done.stderr


def test_networks_are_taken_from_the_modules_option_when_it_is_loaded(tmp_path: Path) -> None:
    option = tmp_path / "etc/modprobe.d/lustre.conf"
    option.parent.mkdir(parents=True)
    option.write_text('options lnet networks="tcp0(lo)"\n')
    assert _run(tmp_path, "lctl", "ping", "127.0.0.1@tcp").returncode == 5
    option.write_text('options lnet networks="tcp1(lo)"\n')
    assert _run(tmp_path, "lctl", "list_nids").stdout == "127.0.0.1@tcp\n"  # as it was loaded


@pytest.mark.parametrize(("networks", "said"), [("o2ib(ib0)", "no RDMA"), ("tcp(none0)", "No such device")])
def test_a_network_that_cannot_be_is_refused(tmp_path: Path, networks: str, said: str) -> None:
    option = tmp_path / "etc/modprobe.d/lustre.conf"
    option.parent.mkdir(parents=True)
    option.write_text(f'options lnet networks="{networks}"\n')
    done = _run(tmp_path, "mount.lustre", "127.0.0.1@tcp:/a", "/nowhere")
    assert done.returncode != 0
    assert said in done.stderr
