"""`datahall up metal` where there are no hosts: what is refused with nothing made, and what needs none."""

import os
import platform
from pathlib import Path

import pytest
import yaml

from datahall import emulated
from datahall.environments import ENVIRONMENTS
from datahall.paths import Home
from tests.cli.running import Run


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        (["up", "metal", "--workers", "0"], ["workers: 0: is not from 1 to 100; "]),
        (["up", "metal", "--port", "5001"], ["--port: 5001: no service is started in metal; leave it out"]),
        (["up", "local", "--workers", "3"], ["--workers: 3: local has no emulated hosts; ", "up metal"]),
        (
            ["train", "mnist", "--on", "slurm", "--env", "metal"],
            ["metal: is not up; bring it up: datahall up"],
        ),
        (["status", "mtal"], ["did you mean metal?"]),
    ],
    ids=lambda value: " ".join(value) if len(value) > 2 else None,
)
def test_what_is_typed_wrong_is_told_and_nothing_is_made(
    datahall: Run, home: Path, typed: list[str], parts: list[str]
) -> None:
    datahall(*typed).must_refuse(parts)
    assert not home.exists()


@pytest.mark.parametrize(("system", "field"), [("Linux", "user id"), ("Darwin", "system")])
def test_a_machine_that_cannot_is_pointed_to_real_hosts(
    datahall: Run, home: Path, monkeypatch: pytest.MonkeyPatch, system: str, field: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = datahall("up", "metal", "--json")
    assert told.code == 2
    error = told.json["error"]
    assert error["field"] == field
    assert error["rule"].startswith("emulated hosts need ")
    assert "ansible-playbook -i YOUR_INVENTORY playbooks/site.yml" in error["fix"]
    assert not home.exists()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            "metal",
            "site.yml: metal is sandboxed and touches no real host; set it for dev or prod, or: ansible",
        ),
        ("local", "emulated: local has no emulated hosts; name an inventory of real hosts, or: datahall up"),
    ],
)
def test_real_hosts_are_for_real_environments_and_emulated_ones_for_metal(
    datahall: Run, home: Path, project: Path, environment: str, told: str
) -> None:
    file = project / "stacks" / f"Pulumi.{environment}.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["config"]["datahall:bare_metal"] = {"inventory": told.partition(":")[0]}
    file.write_text(yaml.safe_dump(settings))
    said = datahall("up", environment)
    assert said.code == 2
    assert f"datahall:bare_metal.inventory: {told}" in said.err
    assert not home.exists()


def test_hosts_of_root_are_not_left_behind_by_another_user(
    datahall: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "hosts").mkdir(parents=True)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = datahall("down", "metal")
    assert told.code == 2
    assert "emulated hosts need root" in told.err
    assert [path.name for path in home.iterdir()] == ["hosts"]


def test_a_review_needs_neither_root_nor_hosts_and_leaves_none(
    datahall: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = datahall("preview", "metal", "--json")
    assert told.code == 0, told.err
    assert set(told.json["changes"]) == {"create"}
    assert {found["outcome"] for found in told.json["policy"]} <= {"not_judged"}
    assert {"Hosts", "Bucket", "Key"} <= set(told.err.split())
    assert not any((home / name).exists() for name in ("hosts", "aws-metal"))


def test_without_a_stack_there_is_nothing_to_take_down(datahall: Run, home: Path) -> None:
    assert datahall("down", "metal", "--json").json["left"] == []
    status = datahall("status", "metal", "--json").json
    assert (status["hosts"], status["resources"]) == ([], [])
    assert not home.exists()


def test_each_environment_has_settings_and_an_aws_of_its_own(home: Path) -> None:
    assert list(ENVIRONMENTS) == ["local", "dev", "prod", "metal"]
    assert [name for name, each in ENVIRONMENTS.items() if each.hosts] == ["metal"]
    assert all(each.sandboxed for each in ENVIRONMENTS.values() if each.hosts)
    folders = [Home(home).aws(name) for name, each in ENVIRONMENTS.items() if each.sandboxed]
    assert folders == [home / "aws", home / "aws-metal"]


def test_hosts_work_for_metal_where_it_is_up_and_else_for_local(datahall: Run, home: Path) -> None:
    assert emulated.environment(Home(home)) == "local"
    assert "environment: local: is not up" in datahall("train", "mnist", "--on", "slurm").err
    Home(home).site("metal").parent.mkdir(parents=True)
    Home(home).site("metal").write_text("{}")
    assert emulated.environment(Home(home)) == "metal"
    assert "environment: metal: is not up" in datahall("train", "mnist", "--on", "slurm").err
    assert "environment: local: is not up" in datahall("train", "mnist").err
