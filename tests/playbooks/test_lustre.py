"""What is asked of Lustre, tried without hosts: one sound mount, and one thing wrong at a time."""

from typing import Any

import pytest

from playbooks.filter_plugins.lustre import lnet_missing, lustre_host_problems, lustre_problems

_SOUND = {"mgs": ["10.20.8.1@tcp", "10.20.8.2@tcp0"], "filesystem": "scratch", "mount": "/lustre/scratch"}


def test_a_sound_mount_has_no_problems() -> None:
    assert lustre_problems([_SOUND], []) == []
    fast = {**_SOUND, "mgs": ["mds-1.example@o2ib1"]}
    assert lustre_problems([fast], ["tcp0(eth0)", "o2ib1(ib0)"]) == []


@pytest.mark.parametrize(
    ("changed", "networks", "said"),
    [
        ({"mgs": ["10.20.8.1"]}, [], "storage_lustre_mounts[/lustre/scratch].mgs: 10.20.8.1: is no NID"),
        ({"mgs": ["10.20.8.1@gni"]}, [], "10.20.8.1@gni: is no NID"),
        ({"mgs": ["10.20.8.1@tcp;reboot"]}, [], "is no NID"),
        ({"mgs": "10.20.8.1@tcp"}, [], "is no list of NIDs"),
        ({"mgs": []}, [], "is no list of NIDs"),
        ({"mgs": ["10.20.8.1@o2ib"]}, [], "the host speaks tcp alone"),
        ({}, ["o2ib(ib0)"], "the host speaks o2ib alone"),
        ({"filesystem": "too-long-a-name"}, [], "is no name of 1 to 8"),
        ({"mount": "/Scratch"}, [], "is no folder of small letters"),
        ({}, ["tcp0(eth0)", "eth0"], "storage_lustre_networks: eth0: is no network of LNet's"),
    ],
)
def test_one_fault_is_one_problem(changed: dict[str, Any], networks: list[str], said: str) -> None:
    found = lustre_problems([{**_SOUND, **changed}], networks)
    assert said in found[0]
    assert len(found) == len({**_SOUND, **changed}["mgs"] if "alone" in said and not changed else [1])


def test_one_folder_is_for_one_file_system() -> None:
    assert "is there twice" in lustre_problems([_SOUND, _SOUND], [])[0]
    host = {"storage_lustre_mounts": [_SOUND], "storage_mounts": [{"mount": "/lustre/scratch"}]}
    (found,) = lustre_host_problems({"worker-1": host}, {"all": ["worker-1"]})
    assert found.startswith(
        "worker-1: storage_lustre_mounts: /lustre/scratch: something else is mounted there"
    )


def test_a_real_host_needs_a_client_that_debian_does_not_have() -> None:
    host: dict[str, Any] = {
        "storage_lustre_mounts": [_SOUND],
        "ansible_facts": {"distribution": "Debian"},
    }
    (found,) = lustre_host_problems({"worker-1": host}, {"all": ["worker-1"]})
    assert found.startswith("worker-1: storage_lustre_packages: none: Debian has no Lustre")
    host["ansible_facts"]["ansible_local"] = {"datahall": {"emulated": {"storage": "folders"}}}
    assert lustre_host_problems({"worker-1": host}, {"all": ["worker-1"]}) == []


def test_lnet_that_speaks_something_else_is_seen() -> None:
    assert lnet_missing(["10.20.1.1@tcp", "10.20.9.1@o2ib1"], ["tcp0(eth0)", "o2ib1(ib0)"]) == []
    assert lnet_missing(["10.20.1.1@tcp"], ["o2ib0(ib0)"]) == ["o2ib0(ib0)"]
    assert lnet_missing(["10.20.1.1@tcp1"], ["tcp10", "tcp"]) == ["tcp10", "tcp"]
