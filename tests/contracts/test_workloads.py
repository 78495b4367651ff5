"""What holds for every program of the workloads, present and future."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workloads"
ENTRIES = sorted(PACKAGE.glob("*/__main__.py"))
LINES = 80


def test_there_are_entries() -> None:
    assert len(ENTRIES) >= 13


@pytest.mark.parametrize("entry", ENTRIES, ids=[path.parent.name for path in ENTRIES])
def test_an_entry_reads_on_one_screen_and_is_nobody_elses_library(entry: Path) -> None:
    text = entry.read_text()
    assert len(text.splitlines()) < LINES
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert "main" in functions
    for other in PACKAGE.rglob("*.py"):
        assert f"workloads.{entry.parent.name}.__main__" not in other.read_text(), other
