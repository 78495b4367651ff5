"""A project that is not ours uses the kit: a pytest of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from datahall.sandbox.aws import accounts, control
from tests.testing.foreign import ROOT, environment, run_pytest


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The project of the how-to."""
    text = (ROOT / "docs" / "testing.md").read_text()
    blocks = re.findall(r"^`(\w+\.py)`\n\n```python\n(.*?)^```", text, re.M | re.S)
    assert [name for name, _ in blocks] == ["infra.py", "test_infra.py"]
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    return tmp_path


def test_the_example_of_the_how_to_runs(installed: Path, example: Path) -> None:
    (example / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    ran = run_pytest(installed, example, "-n", "2")
    assert ran.code == 0, ran.said
    assert "2 passed" in ran.said
    assert "2 workers" in ran.said


TYPED = """
from datahall.testing import NewStack, Stack


def test_right(stack: NewStack) -> None:
    made: Stack = stack(lambda: None, config={"a": [1]})
    made.up(config={"a": None})
    reveal_type(made.result)


def test_wrong(stack: NewStack) -> None:
    stack(3)
    stack(lambda: None, colour="red")
"""
# what the kit stands on is taken as untyped here: it is large, and not ours
SETTINGS = """
[mypy]
strict = True
[mypy-pulumi.*,boto3.*,botocore.*,grpc.*,google.*,yaml.*,psutil.*,cryptography.*]
follow_imports = skip
"""


def test_its_types_are_known_to_mypy(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_typed.py").write_text(TYPED)
    (tmp_path / "mypy.ini").write_text(SETTINGS)
    argv = [
        sys.executable,
        "-m",
        "mypy",
        "--cache-dir",
        os.devnull,
        "--follow-imports",
        "silent",
        "test_typed.py",
    ]
    ended = subprocess.run(
        argv,
        cwd=tmp_path,
        env={**environment(installed), "MYPYPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    told = [line for line in lines if " error: " in line or "Revealed" in line]
    assert [line.partition(":")[2].partition(":")[0] for line in told] == ["8", "12", "13"], ended.stdout
    assert 'Revealed type is "datahall.engine.options.Result"' in told[0]
    assert "[arg-type]" in told[1]
    assert "[call-arg]" in told[2]


def test_the_fixtures_tell_what_they_are(installed: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        argv, cwd=tmp_path, env=environment(installed), capture_output=True, text=True, check=False
    )
    ours = ended.stdout.partition("datahall")[2]
    for name in ("stack", "stack_factory [session scope]", "aws_server [session scope]"):
        assert re.search(rf"^{re.escape(name)} -- .*\n    \S", ours, re.M), ended.stdout


def test_where_it_is_not_used_it_imports_nothing_heavy() -> None:
    code = "import sys, datahall.testing.plugin; print(*{'grpc', 'pulumi', 'boto3'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


KEPT = """
import os

import pulumi_aws as aws
import pytest


@pytest.fixture(scope="module")
def shared(stack_factory):
    with stack_factory(lambda: aws.s3.Bucket("shared")) as made:
        made.up()
        yield made


@pytest.mark.parametrize("number", range(2))
def test_kept(stack, shared, number):
    made = stack(lambda: aws.s3.Bucket("own"))
    made.up()
    assert len(made.boto3.client("s3").list_buckets()["Buckets"]) == 1


def test_bad():
    assert os.environ["PYTEST_XDIST_WORKER"] == ""
"""


def test_stacks_that_are_kept_are_told_with_how_to_reach_them(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_kept.py").write_text(KEPT)
    ran = run_pytest(installed, tmp_path, "--datahall-keep", "-n", "2", "--dist", "loadscope")
    assert set(ran.failures) == {"test_bad"}, ran.said
    told = ran.said.partition("stacks that datahall kept")[2]
    kept = [dict(re.findall(r"^(\w+)=(.*)$", part, re.M)) for part in told.split("stack=")[1:]]
    try:
        assert len(kept) == 3, ran.said
        assert len({each["AWS_ACCESS_KEY_ID"] for each in kept}) == 3
        assert told.count("test_kept.py::test_kept[") >= 2
        for each in kept:
            account = accounts.account_of(each["AWS_ACCESS_KEY_ID"])
            (bucket,) = control.inventory(each["AWS_ENDPOINT_URL"], account=account)
            assert bucket.type == "Bucket"
            assert list(Path(each["state"]).rglob("t*.json"))
    finally:
        for each in kept:
            control.stop(Path(each["server"].rpartition(" ")[2]))


def test_an_aws_that_does_not_start_is_told_in_short(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(stack):\n    stack(lambda: None).up()\n")
    broken = tmp_path / "moto"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('this moto is broken')\n")
    (tmp_path / "conftest.py").write_text(f"import os\nos.environ['PYTHONPATH'] = {str(tmp_path)!r}\n")
    ran = run_pytest(installed, tmp_path)
    assert ran.code == 1
    told = (ran.failures | ran.errors)["test_it"]
    assert "datahall: the emulated AWS does not start" in told
    assert "this moto is broken" in told
    assert "server.log" in told
    assert "control.py" not in told, "no traceback of ours"
