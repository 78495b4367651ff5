"""`datahall hosts`: what it refuses, and what it says where there are none."""

import os
import platform
from pathlib import Path

import pytest

from tests.cli.running import Run


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        (["hosts", "lst"], ["command", "lst", "is not a command of datahall hosts", "did you mean list?"]),
        (["hosts", "logs"], ["command", "logs", "is not a command of datahall hosts; "]),
        (["hosts", "ssh", "worker-1", "sinfo", "--all"], ["host: worker-1: is none of: no hosts"]),
        (["hosts", "stop"], ["HOST", "missing", "datahall hosts stop needs it"]),
        (["hosts", "fail", "worker-1", "smoke"], ["kind: smoke: is no way to fail", "power, ecc"]),
        (["hosts", "fail", "worker-1", "ecc", "--gpu", "16"], ["gpu: 16: is not from 0 to 15"]),
        (["hosts", "fail", "worker-1", "ecc"], ["host: worker-1: is none of: no hosts"]),
        (["hosts", "list", "--jsn"], ["option", "--jsn", "not an option of datahall hosts list", "--json"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_typed_wrong_is_told_in_four_parts(
    datahall: Run, home: Path, typed: list[str], parts: list[str]
) -> None:
    told = datahall(*typed)
    told.must_refuse(parts)
    assert told.out == ""
    assert not home.exists()


def test_no_hosts_are_none(datahall: Run, home: Path) -> None:
    assert datahall("hosts", "list", "--json").json == {"hosts": []}
    assert "datahall hosts up" in datahall("hosts", "list").out
    assert "there are none" in datahall("hosts", "down").out
    assert not home.exists()


@pytest.mark.parametrize("verb", [["up"], ["stop", "head-1"], ["start", "head-1"], ["rm", "head-1"]])
def test_who_is_not_root_is_pointed_to_real_hosts(
    datahall: Run, home: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = datahall("hosts", *verb, "--json")
    assert told.code == 2
    error = told.json["error"]
    assert (error["field"], error["value"], error["rule"]) == ("user id", "1000", "emulated hosts need root")
    assert "ansible-playbook -i YOUR_INVENTORY playbooks/site.yml" in error["fix"]
    assert not home.exists()
