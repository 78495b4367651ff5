"""The emulated nvidia-smi obeys what the real one obeys, keeps what it keeps, and refuses the rest."""

from pathlib import Path

import pytest

from tests.sandbox.hosts.gpu_host import GpuHost


@pytest.fixture
def host(tmp_path: Path) -> GpuHost:
    return GpuHost.make(tmp_path)


def _set(host: GpuHost) -> str:
    fields = "persistence_mode,power.limit,clocks.gr,mig.mode.current"
    return host.smi(f"-i 0 --query-gpu={fields} --format=csv,noheader,nounits").strip()


def test_settings_are_obeyed_and_those_of_the_driver_are_lost_by_a_boot(host: GpuHost) -> None:
    assert _set(host) == "Disabled, 700.00, 345, Disabled"
    host.smi("-pl 500")
    assert _set(host) == "Disabled, 700.00, 345, Disabled", "without persistence it is forgotten at once"
    for asked in ("-pm 1", "-pl 500", "-lgc 1200,1500"):
        assert "EMULATED" in host.smi(asked)
    assert _set(host) == "Enabled, 500.00, 1200, Disabled"
    host.smi("-rgc")
    assert _set(host) == "Enabled, 500.00, 345, Disabled"
    host.reboot()
    assert _set(host) == "Disabled, 700.00, 345, Disabled"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("--no-such-option", 2),
        ("--query-gp=name --format=csv", 2),
        ("--query-gpu=name", 2),
        ("--query-gpu=name --format=csv,nohaeder", 2),
        ("--query-gpu=fan.speed.of.light --format=csv", 2),
        ("-L --format=csv", 2),
        ("-pm 2", 2),
        ("-pl 900", 2),
        ("-pl much", 2),
        ("-lgc 1500,1200", 2),
        ("-lgc 1,99999", 2),
        ("-i 8 -L", 6),
        ("mig -lgi", 6),
        ("mig", 2),
    ],
)
def test_what_the_real_one_refuses_is_refused(host: GpuHost, arguments: str, code: int) -> None:
    host.smi(arguments, code)


def test_formats_have_headers_and_units_as_asked(host: GpuHost) -> None:
    assert host.smi("-i 3 --query-gpu=index,power.limit --format=csv").splitlines() == [
        "index, power.limit [W]",
        "3, 700.00 W",
    ]


def test_instances_take_their_places_and_go_in_order(host: GpuHost) -> None:
    host.smi("-i 1 -mig 1")
    host.smi("mig -i 1 -cgi 9,3g.40gb -C")
    assert host.smi("-i 1 -L").count("MIG 3g.40gb") == 2
    assert "Insufficient Resources" in host.smi("mig -i 1 -cgi 19 -C", 23)
    assert "gpu1/gi2/ci0/access 157" in (host.root / "run/emulated-gpu/mig-minors").read_text()
    host.smi("-i 1 -mig 0", 19)
    host.smi("mig -i 1 -dgi", 19)
    host.smi("mig -i 1 -dci")
    host.smi("mig -i 1 -dgi")
    host.smi("-i 1 -mig 0")
    assert not list((host.root / "dev/nvidia-caps").iterdir())


def test_a_busy_gpu_keeps_its_mode_and_another_model_has_none(host: GpuHost) -> None:
    assert host.run("emulated-gpu", "busy", "--gpu", "2").returncode == 0
    assert "In use by another client" in host.smi("-mig 1", 19)
    assert host.smi("--query-compute-apps=pid --format=csv,noheader").split() == ["4242"]
    assert host.run("emulated-gpu", "have", "2", "l40s").returncode == 0
    assert host.smi("--query-gpu=mig.mode.current --format=csv,noheader").split() == ["[N/A]"] * 2
    assert "Not Supported" in host.smi("-mig 1", 3)
    assert (host.root / "etc/tmpfiles.d/emulated-gpu.conf").read_text().count("c /dev/nvidia") == 2
