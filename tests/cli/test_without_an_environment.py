"""What the commands say where nothing is up; each ``--json`` is one JSON object on stdout."""

from pathlib import Path

import pytest

from datahall.sandbox.aws import control
from tests.cli.running import Run


def test_status_tells_the_whole_contract(datahall: Run, home: Path) -> None:
    told = datahall("status", "local", "--json")
    assert told.code == 0
    assert told.json == {
        "environment": "local",
        "engine": "embedded",
        "backend": f"file://{home}/state",
        "aws_endpoint": None,
        "outputs": {},
        "resources": [],
        "services": [],
        "models": [],
    }
    assert not home.exists()


def test_status_says_what_to_type(datahall: Run) -> None:
    told = datahall("status", "local")
    assert told.code == 0
    assert "datahall up local" in told.out


def test_down_where_nothing_is_up_says_so(datahall: Run, home: Path) -> None:
    told = datahall("down", "local")
    assert told.code == 0
    assert "nothing to take down" in told.out
    assert not home.exists()


def test_down_takes_down_what_an_interrupted_up_left(datahall: Run, home: Path) -> None:
    server = control.start(home / "aws")
    told = datahall("down", "local", "--json")
    assert told.code == 0
    assert told.json["left"] == []
    assert str(server.pid) in told.err
    assert control.running(home / "aws") is None
    assert not home.exists()


def test_down_refuses_to_drop_what_is_not_the_stacks(datahall: Run, home: Path) -> None:
    server = control.start(home / "aws")
    try:
        boto3 = pytest.importorskip("boto3")
        variables = control.environment(server.url)
        client = boto3.client(
            "ecr",
            endpoint_url=server.url,
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_repository(repositoryName="mine")
        told = datahall("down", "local", "--json")
        assert told.code == 1
        assert any("mine" in item for item in told.json["left"])
        assert control.running(home / "aws") == server
    finally:
        control.stop(home / "aws")


def test_doctor_tells_what_for_and_the_fix(datahall: Run) -> None:
    told = datahall("doctor", "--json")
    checks = {check["name"]: check for check in told.json["checks"]}
    assert {"python", "memory", "disk", "packages", "port 5000", "pulumi", "emulated hosts"} <= checks.keys()
    assert all(check["needed_for"] and check["fix"] for check in checks.values())
    assert checks["python"]["ok"]
    assert told.code == (0 if told.json["ok"] else 1)
    assert not checks["pulumi"]["required"]


def test_doctor_names_a_package_that_differs_from_the_lock(datahall: Run, project: Path) -> None:
    lock = project / "requirements.lock"
    lock.unlink()
    lock.write_text("rich==0.0.1 \\\n    --hash=sha256:00\nno-such-package==1 ; sys_platform == 'win32'\n")
    told = datahall("doctor", "--json")
    packages = next(check for check in told.json["checks"] if check["name"] == "packages")
    assert told.code == 1
    assert not packages["ok"]
    assert "rich" in packages["found"]
    assert "0.0.1" in packages["found"]
    assert "no-such-package" not in packages["found"]


def test_doctor_for_people_names_the_fixes(datahall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    told = datahall("doctor")
    assert "https://www.pulumi.com/docs/install/" in told.out


def test_policy_lists_the_rules(datahall: Run) -> None:
    told = datahall("policy", "--json")
    rules = told.json["rules"]
    assert told.code == 0
    assert len(rules) >= 15
    assert all(rule["name"] and rule["remediation"] and rule["framework"] for rule in rules)
    assert rules[0]["name"][:20] in datahall("policy").out
