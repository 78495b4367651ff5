"""``python -m datahall.slurm.reach``: what it refuses, and what the command finds in its environment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datahall import site
from datahall.context import Context
from datahall.errors import UserError
from datahall.site import Site
from datahall.slurm import reach


@contextmanager
def _relay(folder: Path, port: int) -> Iterator[tuple[str, int]]:
    assert folder.name == "hosts"
    yield "198.18.0.1", port + 1


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment that is up, and hosts that a relay reaches."""
    monkeypatch.setenv("DATAHALL_HOME", str(tmp_path))
    outputs = tmp_path / "local.json"
    outputs.write_text('{"data_bucket": "hall-data"}')
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_SECRET_ACCESS_KEY": "the-key"}

    def known(_: Context) -> Site:
        return Site(environment="local", file=outputs, variables=variables, root=tmp_path, logs=tmp_path)

    monkeypatch.setattr(site, "find", known)
    monkeypatch.setattr(reach, "open_relay", _relay)
    return tmp_path


def test_the_command_finds_repository_and_keys_in_its_environment_and_its_exit_code_is_ours(
    found: Path,
) -> None:
    program = (
        "import os, sys, pathlib; pathlib.Path(sys.argv[1]).write_text("
        "os.environ['BACKUP_REPOSITORY'] + ' ' + os.environ['AWS_SECRET_ACCESS_KEY']); sys.exit(7)"
    )
    assert reach.run([sys.executable, "-c", program, str(found / "said")]) == 7
    assert (found / "said").read_text() == "s3:http://198.18.0.1:5001/hall-data/cluster the-key"


def test_a_command_that_is_not_there_is_a_users_mistake(found: Path) -> None:
    with pytest.raises(UserError, match=r"command: .*nonexistent: is not there; give one that is on PATH"):
        reach.run([str(found / "nonexistent")])


def test_an_environment_that_is_not_up_and_no_command_are_told_with_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATAHALL_HOME", str(tmp_path))
    for argv, said in ((["true"], "environment: local: is not up"), ([], "command: none: there must be one")):
        monkeypatch.setattr(sys, "argv", ["reach", *argv])
        assert reach.main() == 2
        assert said in capsys.readouterr().err
