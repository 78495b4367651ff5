"""A project that is not ours uses the kit: a pytest of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "datahall.testing.plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def failing(folder: Path, body: str) -> str:
    """What pytest says of one test that must fail."""
    text = f"import pulumi\n\n\ndef test_it(new_deployment):\n    stack = new_deployment(aws=False)\n{body}"
    (folder / "test_it.py").write_text(text)
    ended = run_pytest(folder)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 failed" in ended.stdout
    return ended.stdout


def test_the_example_of_the_how_to_runs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "testing.md").read_text()
    for name, code in re.findall(r"^`(\w+\.py)`\n\n```python\n(.*?)^```", text, re.M | re.S):
        (tmp_path / name).write_text(code)
    ended = run_pytest(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout


def test_a_false_assertion_in_an_apply_fails_the_test(tmp_path: Path) -> None:
    said = failing(
        tmp_path,
        """
    def check(value):
        assert value == 2

    stack.up(lambda: pulumi.Output.from_input(1).apply(check) and None)
""",
    )
    assert "assert value == 2" in said


def test_so_does_one_that_is_awaited(tmp_path: Path) -> None:
    said = failing(
        tmp_path,
        """
    async def check(value):
        assert value == 2

    stack.up(lambda: pulumi.Output.from_input(1).apply(check) and None)
""",
    )
    assert "assert value == 2" in said


def test_an_assertion_that_never_ran_fails_the_test(tmp_path: Path) -> None:
    body = """
    def check(value):
        assert value == 2

    def program():
        pulumi.Output.from_input(pulumi.UNKNOWN).apply(check)

    stack.{verb}(program)
"""
    said = failing(tmp_path, body.format(verb="up"))
    assert "ApplyNeverRan" in said
    assert "test_it.py:11" in said
    (tmp_path / "test_it.py").write_text((tmp_path / "test_it.py").read_text().replace(".up(", ".preview("))
    ended = run_pytest(tmp_path)
    assert ended.returncode == 0, ended.stdout


def test_where_it_is_not_used_it_imports_nothing_heavy() -> None:
    code = "import sys, datahall.testing.plugin; print(*{'grpc', 'pulumi', 'boto3'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""
