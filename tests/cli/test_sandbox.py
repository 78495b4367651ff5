"""`datahall sandbox`: an emulated AWS for a project that is not ours."""

import shlex
from pathlib import Path

import boto3
import pytest

from tests.cli.running import Run
from tests.cli.test_engine_verbs import folder

__all__ = ["folder"]

PROGRAM = """
import pulumi, pulumi_aws as aws
bucket = aws.s3.Bucket("data")
pulumi.export("name", bucket.bucket)
"""


def test_a_project_is_brought_up_on_it(
    datahall: Run, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "__main__.py").write_text(PROGRAM)
    started = datahall("sandbox", "start", "--json").json
    try:
        assert Path(started["folder"]) == home / "sandbox"
        assert datahall("sandbox", "start", "--json").json == started  # the same
        lines = datahall("sandbox", "env").out.splitlines()
        exported = dict(shlex.split(line)[1].split("=", 1) for line in lines)
        assert exported["AWS_ENDPOINT_URL"] == started["url"]
        assert exported["PATH"].startswith(exported["DATAHALL_PLUGINS"])
        assert datahall("sandbox", "env", "--json").json == exported
        for name, value in exported.items():
            monkeypatch.setenv(name, value)

        at = ("-C", str(folder), "-s", "dev")
        run = (*at, "--plugin-path", exported["DATAHALL_PLUGINS"], "--yes")
        assert datahall("engine", "stack", "init", "dev", "-C", str(folder)).code == 0
        done = datahall("engine", "up", *run)
        assert done.code == 0, done.err
        name = datahall("engine", "stack", "output", "name", *at).out.strip()
        assert [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]] == [name]
        assert [each["id"] for each in datahall("sandbox", "list", "--json").json["resources"]] == [name]
        assert name in datahall("sandbox", "list").out
        assert datahall("sandbox", "stop", "--json").json == {"stopped": started["pid"], "erased": False}
        again = datahall("sandbox", "start", "--json").json
        assert again["url"] == started["url"]  # on the same port, with what was in it
        assert datahall("engine", "destroy", *run).code == 0
        assert datahall("sandbox", "list", "--json").json == {"resources": []}
    finally:
        ended = datahall("sandbox", "rm", "--json").json
    assert ended["erased"] is True
    assert not (home / "sandbox").exists()


@pytest.mark.parametrize("verb", ["env", "list"])
def test_where_none_runs_it_is_told_how_to_start_one(datahall: Run, home: Path, verb: str) -> None:
    told = datahall("sandbox", verb)
    assert told.code == 2
    assert "start it: datahall sandbox start" in told.err
    assert datahall("sandbox", "stop", "--json").json == {"stopped": None, "erased": False}
    assert not home.exists()


def test_what_is_none_is_not_taken_away(datahall: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("kept")
    told = datahall("sandbox", "rm", "--folder", str(tmp_path / "mine"))
    assert told.code == 2
    assert "holds no emulated AWS" in told.err
    assert (tmp_path / "mine" / "file").read_text() == "kept"
