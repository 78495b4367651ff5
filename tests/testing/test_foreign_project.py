"""A project that is not ours uses the kit: a pytest of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    told = [
        line
        for line in ended.stdout.splitlines()
        if line.startswith("test_typed.py") and "note: F" not in line
    ]
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
