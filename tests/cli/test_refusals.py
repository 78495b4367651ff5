"""Refused once the emulated AWS runs: nothing is created in it, and it is told in four parts."""

from pathlib import Path

from datahall.engine import Options, load_project, read_stack
from datahall.sandbox.aws import control
from tests.cli.running import Run

UNENCRYPTED = """
import pulumi_aws as aws

aws.efs.FileSystem("shared", encrypted=False)
"""


def test_a_policy_violation_ends_up_before_anything_is_created(
    datahall: Run, project: Path, home: Path, free_port: int
) -> None:
    (project / "stacks" / "__main__.py").write_text(UNENCRYPTED)
    try:
        told = datahall("up", "local", "--port", str(free_port), "--json")
        assert told.code == 2
        error = told.json["error"]
        assert error["field"] == "shared.encrypted"
        assert error["value"] == "False"
        assert "require-efs-encryption" in error["rule"]
        assert error["fix"]
        server = control.running(home / "aws")
        assert server is not None
        assert control.inventory(server.url) == []
        assert read_stack(load_project(project), "local", Options(backend=home / "state")) is None
    finally:
        down = datahall("down", "local", "--json")
    assert down.json["left"] == []
    assert not home.exists()


def test_a_review_names_the_violation_and_leaves_nothing(datahall: Run, project: Path, home: Path) -> None:
    (project / "stacks" / "__main__.py").write_text(UNENCRYPTED)
    told = datahall("policy", "local")
    assert told.code == 2
    assert "datahall: shared.encrypted: False: policy require-efs-encryption" in told.err
    assert control.running(home / "aws") is None
    assert not (home / "aws").exists()


def test_a_program_that_fails_is_told_without_a_traceback(datahall: Run, project: Path, home: Path) -> None:
    program = "import pulumi\nraise pulumi.RunError('pools.a: 9: must be 1; write 1')\n"
    (project / "stacks" / "__main__.py").write_text(program)
    told = datahall("preview", "local")
    assert told.code == 2
    assert told.err.strip().endswith("datahall: pools.a: 9: must be 1; write 1")
    assert "Traceback" not in told.err
    assert not (home / "aws").exists()
