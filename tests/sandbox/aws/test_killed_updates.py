"""An update killed between a creation in AWS and its record: the next one adopts what was made.

AWS names many things itself (a VPC, a key, a file system): asked again it would make a second one. The
oracle is the emulated AWS's own inventory. A few creations are tried; with DATAHALL_FUZZ set, each.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from datahall import engine
from datahall.sandbox.aws import control

from .killed import MADE, options

ROOT = Path(__file__).parents[3]
LAST = range(1, MADE + 1) if "DATAHALL_FUZZ" in os.environ else (1, 6)


def inventory(url: str) -> Counter[tuple[str, str]]:
    """How many of each type are left."""
    return Counter((item.service, item.type) for item in control.inventory(url) if item.left)


@pytest.mark.parametrize("last", LAST)
def test_what_was_made_and_not_recorded_is_adopted(
    tmp_path: Path, aws_server: control.Server, aws_plugin: int, last: int
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    before = inventory(aws_server.url)
    asked = [str(tmp_path), aws_server.url, str(aws_plugin), str(last)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.aws.killed", *asked], cwd=ROOT, check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    project, how = engine.load_project(tmp_path), options(tmp_path, aws_server.url, aws_plugin)

    said: list[str] = []
    engine.up(
        project,
        "dev",
        engine.Options(**{**vars(how), "on_event": lambda e: said.append(getattr(e, "message", ""))}),
    )
    assert sum(text.startswith("adopted:") for text in said) == 1
    state = engine.read_stack(project, "dev", how)
    assert state is not None
    made = [r for r in state.resources if r.custom and not r.type.startswith("pulumi:")]
    assert len(made) == MADE
    assert not engine.preview(project, "dev", how).changed

    engine.destroy(project, "dev", how)
    assert inventory(aws_server.url) == before
