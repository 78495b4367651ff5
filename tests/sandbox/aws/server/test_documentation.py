"""docs/sandbox.md says what is ours, and says it of everything that is."""

from pathlib import Path

from datahall.sandbox.aws.server import overlay

PAGE = Path(__file__).parents[4] / "docs" / "sandbox.md"


def test_page_lists_what_is_ours() -> None:
    between = PAGE.read_text().split("<!-- ours:")[1].split("<!-- end of ours -->")[0]
    rows = [line.strip("| ").split(" | ") for line in between.splitlines() if line.startswith("| ")][2:]
    wanted = [[name, "; ".join(things)] for name, things in overlay.ours().items() if things]
    assert rows == wanted, "\n" + "\n".join(f"| {name} | {things} |" for name, things in wanted)


def test_page_promises_no_parity() -> None:
    assert "parity" not in PAGE.read_text().lower()
