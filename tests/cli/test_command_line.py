"""What is typed wrong is told in four parts, with exit code 2; every help has an example."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from datahall.cli import COMMANDS, Command
from datahall.commands.run import STAGES
from tests.cli.running import Run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_help_shows_its_examples(datahall: Run, command: Command) -> None:
    told = datahall(command.name, "--help")
    assert told.code == 0
    assert "Example" in told.out
    assert all(example in told.out for example in command.examples)
    assert all(example.startswith(f"datahall {command.name}") for example in command.examples)


def test_the_first_help_names_every_command(datahall: Run) -> None:
    told = datahall("--help")
    assert all(f"{command.name} " in told.out for command in COMMANDS)
    assert "datahall up local" in told.out


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        (["upp", "local"], ["command", "upp", "not a command", "did you mean up?"]),
        (["up", "--yess"], ["option", "--yess", "not an option of datahall up", "did you mean --yes?"]),
        (["up", "local", "more"], ["argument", "more", "one too many", "see datahall up --help"]),
        (["train"], ["MODEL", "missing", "needs it", "see datahall train --help"]),
        (["models", "lst"], ["ACTION", "lst", '"list"', "see datahall models --help"]),
        (["up", "--parallel", "many"], ["--parallel", "many", "int", "see datahall up --help"]),
        (["up", "--parallel", "0"], ["--parallel", "0", "from 1 to 256", "leave it out"]),
        (["up", "lcal"], ["environment", "lcal", "is not an environment", "did you mean local?"]),
        (["status", "staging"], ["environment", "staging", "is not an environment", "local, dev, prod"]),
        (["up", "dev", "--engine", "embedded"], ["--engine", "embedded", "official", "datahall up local"]),
        (["policy", "--engine", "embedded"], ["--engine", "embedded", "no engine runs", "leave it out"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_typed_wrong_is_told_in_four_parts(datahall: Run, typed: list[str], parts: list[str]) -> None:
    told = datahall(*typed)
    told.must_refuse(parts)
    assert told.out == ""


def test_with_json_an_error_is_one_object_with_the_four_parts(datahall: Run) -> None:
    told = datahall("up", "lcal", "--json")
    assert told.code == 2
    error = told.json["error"]
    assert (error["field"], error["value"], error["fix"]) == ("environment", "lcal", "did you mean local?")
    assert "local, dev, prod" in error["rule"]


@pytest.mark.usefixtures("no_pulumi")
@pytest.mark.parametrize("command", ["up", "preview", "down", "status"])
def test_a_real_environment_without_the_official_cli_is_refused_with_the_rehearsal(
    datahall: Run, command: str
) -> None:
    told = datahall(command, "prod")
    assert told.code == 2
    assert "pulumi: not on PATH" in told.err
    assert "datahall up local" in told.err


@pytest.mark.usefixtures("no_pulumi")
def test_the_official_engine_without_the_official_cli_is_refused(datahall: Run) -> None:
    told = datahall("up", "local", "--engine", "pulumi")
    assert told.code == 2
    assert "pulumi: not on PATH" in told.err
    assert "leave --engine out" in told.err


def test_help_and_status_start_without_the_heavy_libraries() -> None:
    code = "import sys; from datahall import cli; cli.run(['up', '--help']); print(sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = told.stdout.splitlines()[-1]
    assert all(f"'{name}'" not in loaded for name in ("pulumi", "torch", "boto3", "grpc", "moto"))


def test_each_stage_of_the_workloads_can_be_run() -> None:
    there = {file.parent.name for file in (ROOT / "workloads").glob("*/__main__.py")}
    assert {*STAGES} == there - {"serving"}  # that is datahall serve


def test_what_follows_a_stage_is_its_own() -> None:
    command = [sys.executable, "-c", "from datahall.cli import main; main()", "run", "judging", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith("usage: python -m workloads.judging")


def test_the_console_script_ends_with_the_exit_code() -> None:
    command = [sys.executable, "-c", "from datahall.cli import main; main()", "up", "lcal", "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert json.loads(told.stdout)["error"]["field"] == "environment"
