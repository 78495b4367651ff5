"""Resources that the official CLI marks are replaced by our engine as by its own."""

from __future__ import annotations

from pathlib import Path

from .sides import Side, needs_official
from .step import calls

pytestmark = needs_official
PROGRAM = """
it = Thing("it", size=2)
Thing("leaf", note=it.serial)
Thing("plain")
"""


def test_what_the_official_cli_marks_is_replaced(tmp_path: Path) -> None:
    theirs = Side(tmp_path / "side", official=True)
    ours = Side(tmp_path / "side", official=False, there=True)
    theirs.program(PROGRAM)
    assert theirs.step("up") == 0
    [urn] = [urn for urn in theirs.state() if urn.endswith("::it")]
    code, said = theirs.command("state", "taint", "-s", "dev", "--yes", urn)
    assert code == 0, said
    assert theirs.state()[urn]["taint"]
    assert ours.step("up") == 0
    assert {call for call in calls(theirs.folder) if call.endswith("::it")} == {
        f"Create {urn}",
        f"Delete {urn}",
    }
    assert "taint" not in theirs.state()[urn]
    code, said = theirs.command("preview", "-s", "dev", "--expect-no-changes")
    assert code == 0, said
