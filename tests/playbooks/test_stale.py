"""What was written and never taken up, by the commands of the roles, tried on this machine's own shell."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from playbooks.filter_plugins.stale import Entry, stale_command


def _stale(
    table: Mapping[str, Entry], *, started: str = "", folder: Path = Path("/nonexistent")
) -> list[str]:
    """What the command says where ``systemctl`` says that every service began at ``started``."""
    systemctl = folder / "systemctl"
    if folder.is_dir():
        systemctl.write_text(f"#!/bin/sh\necho '{started}'\n")
        systemctl.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", stale_command(table)], check=True, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.fixture
def written(tmp_path: Path) -> str:
    file = tmp_path / "it's a file"
    file.write_text("")
    os.utime(file, (1_000_000_000, 1_000_000_000))  # 2001-09-09 01:46:40 UTC
    return str(file)


@pytest.mark.parametrize(
    ("started", "stale"),
    [
        ("Sun 2001-09-09 01:46:39.999999 UTC", ["Restart it"]),
        ("Sun 2001-09-09 01:46:40.000001 UTC", []),
        ("", []),  # it does not run: it will read the file as it starts
    ],
)
def test_a_service_older_than_its_files_is_found(
    written: str, tmp_path: Path, started: str, stale: list[str]
) -> None:
    table = {"Restart it": {"files": [written, "/nonexistent"], "unit": "it"}}
    assert _stale(table, started=started, folder=tmp_path) == stale


@pytest.mark.parametrize(("taken", "stale"), [(999_999_999, ["Read it"]), (1_000_000_001, [])])
def test_a_file_newer_than_the_mark_of_its_reading_is_found(
    written: str, tmp_path: Path, taken: int, stale: list[str]
) -> None:
    mark = tmp_path / "mark"
    mark.write_text("")
    os.utime(mark, (taken, taken))
    assert _stale({"Read it": {"files": [written], "taken": str(mark)}}) == stale


def test_files_that_nobody_ever_read_are_found_and_those_that_are_not_there_are_not(written: str) -> None:
    assert _stale({"Read it": {"files": [written], "taken": "/nonexistent"}}) == ["Read it"]
    assert _stale({"Read it": {"files": ["/nowhere"], "taken": "/nonexistent"}}) == []
    assert _stale({"Read it": {"files": [], "taken": "/nonexistent"}}) == []
