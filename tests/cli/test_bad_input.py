"""Bad input ends a command before anything is started: exit code 2, four parts, nothing created."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.running import Run


def change(project: Path, key: str, field: str, value: object) -> None:
    """Set one field of one block in the copy's settings of `local`."""
    path = project / "stacks" / "Pulumi.local.yaml"
    data = yaml.safe_load(path.read_text())
    data["config"][f"datahall:{key}"][field] = value
    path.write_text(yaml.safe_dump(data))


def left(home: Path) -> list[str]:
    """What a command left in its home folder, but for the lock."""
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and p.name != "lock")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("command", ["up", "preview", "policy"])
def test_a_misspelt_setting_is_refused_with_the_nearest_name(
    datahall: Run, project: Path, home: Path, command: str
) -> None:
    change(project, "network", "zonez", 3)
    told = datahall(command, "local")
    assert told.code == 2
    assert all(part in told.err for part in ("datahall:network.zonez", "3", "is no setting", "zones"))
    assert "Traceback" not in told.err
    assert left(home) == []


def test_a_setting_out_of_range_is_refused(datahall: Run, project: Path, home: Path) -> None:
    change(project, "network", "zones", 9)
    told = datahall("up", "local")
    assert told.code == 2
    assert "datahall:network.zones: 9: " in told.err
    assert left(home) == []


def test_an_unknown_instance_type_is_refused(datahall: Run, project: Path, home: Path) -> None:
    path = project / "stacks" / "Pulumi.local.yaml"
    path.write_text(path.read_text().replace("g6.xlarge", "g6.xxlarge"))
    told = datahall("up", "local")
    assert told.code == 2
    assert "g6.xxlarge" in told.err
    assert "instance_type" in told.err
    assert left(home) == []


def test_all_that_is_wrong_is_told_at_once(datahall: Run, project: Path) -> None:
    change(project, "network", "zones", 9)
    change(project, "encryption", "deletion_window_days", 1)
    told = datahall("up", "local", "--json")
    assert told.code == 2
    first = told.json["error"]
    fields = {first["field"], *(other["field"] for other in first["others"])}
    assert fields == {"datahall:network.zones", "datahall:encryption.deletion_window_days"}


def test_a_port_in_use_is_refused_before_anything_starts(datahall: Run, home: Path, taken_port: int) -> None:
    told = datahall("up", "local", "--port", str(taken_port))
    assert told.code == 2
    assert f"--port: {taken_port}: is in use by " in told.err
    assert "choose another: --port " in told.err
    assert left(home) == []


@pytest.mark.parametrize("port", ["0", "80", "70000", "-1"])
def test_a_port_out_of_range_is_refused(datahall: Run, home: Path, port: str) -> None:
    told = datahall("up", "local", "--port", port)
    assert told.code == 2
    assert f"--port: {port}: must be between 1024 and 65535" in told.err
    assert left(home) == []


def write_state(home: Path, text: str) -> Path:
    folder = home / "state" / ".pulumi"
    (folder / "stacks" / "datahall").mkdir(parents=True)
    (folder / "meta.yaml").write_text("version: 1\n")
    state = folder / "stacks" / "datahall" / "local.json"
    state.write_text(text)
    return state


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_a_broken_state_file_is_named_and_kept(
    datahall: Run, home: Path, command: str, free_port: int
) -> None:
    state = write_state(home, '{"version": 3, "checkpoint": {')
    told = datahall(command, "local", *(["--port", str(free_port)] if command == "up" else []))
    assert told.code == 2
    assert str(state) in told.err
    assert "Traceback" not in told.err
    assert state.read_text() == '{"version": 3, "checkpoint": {'
    assert not (home / "aws").exists()


def test_a_lost_passphrase_is_told_before_anything_starts(datahall: Run, home: Path, free_port: int) -> None:
    latest = {"manifest": {}, "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:x"}}}
    checkpoint = {"stack": "organization/datahall/local", "latest": latest}
    write_state(home, json.dumps({"version": 3, "checkpoint": checkpoint}))
    told = datahall("up", "local", "--port", str(free_port))
    assert told.code == 2
    assert f"passphrase: {home / 'passphrase'}: is gone" in told.err
    assert "PULUMI_CONFIG_PASSPHRASE" in told.err
    assert not (home / "passphrase").exists()
    assert not (home / "aws").exists()


def test_a_passphrase_file_that_is_not_there_is_refused(
    datahall: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere/passphrase")
    told = datahall("preview", "local")
    assert told.code == 2
    assert "PULUMI_CONFIG_PASSPHRASE_FILE: /nowhere/passphrase: is not a file" in told.err
    assert left(home) == []


@pytest.mark.parametrize("command", [("train", "mnist"), ("serve", "mnist"), ("models", "list")])
def test_what_needs_an_environment_says_how_to_bring_it_up(
    datahall: Run, home: Path, command: tuple[str, ...]
) -> None:
    told = datahall(*command)
    assert told.code == 2
    assert "environment: local: is not up; bring it up: datahall up local" in told.err
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("--on", "slurm", "--log-dir", "logs"), "--log-dir: logs: is written where the training runs"),
        (("--on", "slurm", "--processes", "2"), "--processes: 2: a job on slurm has one on each machine"),
        (("--processes", "0"), "--processes: 0: must be 1 or more"),
    ],
)
def test_a_training_that_cannot_be_is_refused(
    datahall: Run, home: Path, arguments: tuple[str, ...], refusal: str
) -> None:
    told = datahall("train", "mnist", *arguments)
    assert told.code == 2
    assert refusal in told.err
    assert not home.exists()


def test_a_home_that_is_a_file_is_refused(datahall: Run, home: Path) -> None:
    home.write_text("mine")
    told = datahall("up", "local")
    assert told.code == 2
    assert f"DATAHALL_HOME: {home}: is a file" in told.err
    assert home.read_text() == "mine"


def test_a_project_without_pulumi_yaml_is_refused(
    datahall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAHALL_PROJECT", str(tmp_path))
    told = datahall("up", "local")
    assert told.code == 2
    assert f"DATAHALL_PROJECT: {tmp_path}: has no Pulumi.yaml" in told.err
