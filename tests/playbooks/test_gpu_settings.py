"""The program that sets a host's GPUs, with the emulated nvidia-smi and no host."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from playbooks.filter_plugins.gpus import gpu_exporters, gpu_gres, gres_counts
from tests.sandbox.hosts.gpu_host import GpuHost

_FILES = Path(__file__).resolve().parents[2] / "playbooks/roles/gpu/files"
_CAPPED = {"power_limit": 500, "clocks": [1200, 1500]}


@pytest.fixture
def host(tmp_path: Path) -> GpuHost:
    made = GpuHost.make(tmp_path)
    made.run("emulated-gpu", "have", "2")
    (tmp_path / "dev").mkdir(exist_ok=True)
    return made


def _settings(host: GpuHost, verb: str, asked: dict[str, Any] | None, code: int = 0) -> str:
    """What it says; ``asked`` none is what was written down."""
    arguments = ["-B", "-m", "gpu_settings", verb, *([] if asked is not None else ["--kept"])]
    path = f"PYTHONPATH={host.environment['PYTHONPATH']}:{_FILES}"
    done = host.run("env", path, sys.executable, *arguments, said=json.dumps(asked))
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_differs_is_told_then_set_then_nothing_differs(host: GpuHost) -> None:
    seen = _settings(host, "check", _CAPPED, 1)
    assert "gpu 1: persistence mode Disabled, not Enabled" in seen
    assert "gpu 0: power limit 700 W, not 500 W" in seen
    assert "gpu 0: clocks not locked, not 1200 to 1500 MHz" in seen
    _settings(host, "apply", _CAPPED)
    assert _settings(host, "check", _CAPPED) == ""
    host.reboot()
    (host.root / "run/gpu-settings.clocks").unlink()
    assert "gpu 0: power limit 700 W, not 500 W" in _settings(host, "check", None, 1)
    _settings(host, "apply", None)
    assert _settings(host, "check", None) == ""


def test_what_somebody_changed_by_hand_is_found_and_given_back_at_the_end(host: GpuHost) -> None:
    _settings(host, "apply", _CAPPED)
    host.smi("-i 1 -pl 300")
    assert _settings(host, "check", None, 1) == "gpu 1: power limit 300 W, not 500 W\n"
    host.smi("-i 1 -rgc")
    host.run("emulated-gpu", "busy", "--gpu", "1")
    assert "gpu 1: clock 1980 MHz, above 1500 MHz" in _settings(host, "check", None, 1)
    _settings(host, "undo", {})
    asked = "--query-gpu=persistence_mode,power.limit,clocks.gr --format=csv,noheader,nounits"
    assert host.smi(asked).splitlines() == ["Disabled, 700.00, 345", "Disabled, 700.00, 1980"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"power_limit": 900}, "gpu_power_limit: 900: GPU 0 takes 200 to 700 W; correct it"),
        ({"mig_profiles": ["7g.80gb", "1g.10gb"]}, "GPU 0 does not take them"),
        ({"mig_profiles": ["5g.50gb"]}, "GPU 0 does not take them"),
    ],
)
def test_what_a_gpu_does_not_take_is_refused_and_it_stays_as_it_was(
    host: GpuHost, asked: dict[str, Any], said: str
) -> None:
    assert said in _settings(host, "apply", asked, 2)
    fields = "--query-gpu=power.limit,mig.mode.current --format=csv,noheader,nounits"
    assert host.smi(fields).splitlines() == ["700.00, Disabled"] * 2
    assert not (host.root / "etc/gpu-settings.json").exists()


def test_instances_are_made_once_and_not_taken_from_who_uses_them(host: GpuHost) -> None:
    asked = {"mig_profiles": ["1g.10gb", "3g.40gb"]}
    _settings(host, "apply", asked)
    before = host.smi("mig -lgi")
    assert _settings(host, "check", asked) == ""
    _settings(host, "apply", asked)
    assert host.smi("mig -lgi") == before
    for gres in gpu_gres({"gpu_count": 2, "gpu_mig_profiles": asked["mig_profiles"]}, "h100"):
        for device in gres["devices"].partition("/dev/gpu-mig/")[2].split(",/dev/gpu-mig/"):
            capability = (host.root / "dev/gpu-mig" / device).readlink()
            assert (host.root / str(capability).lstrip("/")).exists(), device
    host.run("emulated-gpu", "busy", "--gpu", "0")
    refused = _settings(host, "apply", {"mig_profiles": ["7g.80gb"]}, 2)
    assert "GPU 0 is in use by process 4242" in refused
    assert host.smi("mig -lgi") == before
    host.run("emulated-gpu", "idle", "--gpu", "0")
    _settings(host, "apply", {})
    assert host.smi("-L").count("MIG") == 0
    assert not [path for path in (host.root / "dev/gpu-mig").rglob("*") if path.is_symlink()]


def test_a_model_without_mig_is_refused_by_name(host: GpuHost) -> None:
    host.run("emulated-gpu", "have", "1", "l40s")
    refused = _settings(host, "check", {"mig_profiles": ["3g.40gb"]}, 2)
    assert "gpu_mig_profiles: 3g.40gb: GPU 0 (NVIDIA L40S (EMULATED)) has no MIG; take it out" in refused


def test_slurm_and_prometheus_are_told_of_what_there_is() -> None:
    assert gpu_gres({}, "h100") == []
    whole = gpu_gres({"gpu_count": 8}, "h100")
    assert whole == [{"type": "h100", "count": 8, "devices": "File=/dev/nvidia[0-7]"}]
    assert gres_counts(whole) == "gpu:h100:8"
    shared = gpu_gres({"gpu_count": 2, "gpu_mig_profiles": ["3g.40gb", "3g.40gb"]}, "h100")
    assert gres_counts(shared) == "gpu:3g.40gb:4"
    assert shared[3]["devices"] == (
        "MultipleFiles=/dev/nvidia1,/dev/gpu-mig/1/3g.40gb/1/gpu,/dev/gpu-mig/1/3g.40gb/1/compute"
    )
    hosts: list[dict[str, Any]] = [
        {"inventory_hostname": "a", "ansible_host": "10.0.0.1", "gpu_count": 8},
        {"inventory_hostname": "b", "gpu_count": 8, "gpu_exporter": False},
        {"inventory_hostname": "c"},
    ]
    assert gpu_exporters(hosts) == [{"host": "a", "target": "10.0.0.1:9400"}]
