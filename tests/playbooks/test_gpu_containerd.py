"""What is appended to containerd's configuration, with a stand-in for `containerd config dump` and no host.

The stand-in does what Debian's 1.6.20 was seen to do: a file that names a runtime loses the default one.
"""

import importlib
import tomllib
from typing import Any

import pytest

program = importlib.import_module("playbooks.roles.gpu.files.gpu_containerd")
_CRI = "io.containerd.grpc.v1.cri"
_RUNC = {"runtime_type": "io.containerd.runc.v2", "options": {"BinaryName": "", "SystemdCgroup": False}}
_TABLE = f'plugins."{_CRI}".containerd.runtimes'


def _dump(text: str) -> dict[str, Any]:
    told = tomllib.loads(text)
    containerd = told.setdefault("plugins", {}).setdefault(_CRI, {}).setdefault("containerd", {})
    containerd.setdefault("default_runtime_name", "runc")
    containerd.setdefault("runtimes", {"runc": _RUNC})
    return told


@pytest.fixture(autouse=True)
def containerd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "dump", _dump)


def test_it_is_appended_keeps_the_default_runtime_and_goes_again_without_a_trace() -> None:
    text = "version = 2 # mine\n[plugins]\n"
    new = program.wanted(text)
    assert new.startswith(text)
    runtimes = program.runtimes(tomllib.loads(new), _CRI)
    assert runtimes["runc"] == _RUNC
    assert runtimes["nvidia"]["options"]["BinaryName"] == "/usr/bin/nvidia-container-runtime"
    assert program.wanted(new) == new
    assert program.without(new) == text
    after = f"{new}# a remark\n"
    assert program.wanted(after) == after


def test_a_runtime_of_the_sites_own_is_kept_and_followed() -> None:
    text = f'version = 2\n[{_TABLE}.runc]\nruntime_type = "io.containerd.runc.v2"\n'
    text += f"[{_TABLE}.runc.options]\nSystemdCgroup = true\n"
    new = program.wanted(text)
    assert new.startswith(text)
    assert program.runtimes(tomllib.loads(new), _CRI)["nvidia"]["options"]["SystemdCgroup"] is True
    changed = new.replace("[plug", "# moved\n[plug", 1).replace(
        "SystemdCgroup = true", "SystemdCgroup = false", 1
    )
    again = program.wanted(changed)
    assert program.runtimes(tomllib.loads(again), _CRI)["nvidia"]["options"]["SystemdCgroup"] is False


def test_one_that_is_there_already_is_left_alone() -> None:
    text = f'version = 2\n[{_TABLE}.nvidia]\nruntime_type = "{program.KIND}"\n'
    text += f'[{_TABLE}.nvidia.options]\nBinaryName = "{program.BINARY}"\nRoot = "/srv"\n'
    assert program.wanted(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "version: 1: is neither 2 nor 3"),
        ("version = ", "is no TOML; correct it"),
        (f'version = 2\n[{_TABLE}.nvidia]\nruntime_type = "other"\n', "is somebody else's, and another"),
        (f'version = 2\nplugins = {{"{_CRI}" = {{}}}}\n', "no table can be added; write its tables as"),
    ],
)
def test_what_cannot_be_added_to_is_refused(text: str, said: str) -> None:
    with pytest.raises(program.ContainerdError, match=said):
        program.wanted(text)
