"""`preview --save-plan`, `up --plan` and `up --strict`, against a real plugin."""

from pathlib import Path

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, PROGRAM, folder, things

__all__ = ["folder"]


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack that is empty yet."""

    def run(*arguments: str) -> Ran:
        plugins = () if arguments[0] == "stack" else ("--plugin-path", str(PLUGINS))
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    assert run("stack", "init", "dev").code == 0
    return run


def test_an_update_is_held_to_a_saved_plan(engine: Run, folder: Path) -> None:
    plan = folder / "plan.json"
    told = engine("preview", "--save-plan", str(plan))
    assert told.code == 0, told.err
    assert str(plan) in told.out
    assert "hunter2" not in plan.read_text()

    program = folder / "__main__.py"
    program.write_text(PROGRAM.replace("size=2", "size=7"))
    for arguments in ((), ("--skip-preview",)):
        refused = engine("up", "--yes", "--plan", str(plan), *arguments)
        assert refused.code == 1
        assert "Thing::first: plan: size: is added as 7, planned: add 2" in refused.err
        assert "hunter2" not in refused.out + refused.err
    assert things(folder) == 0

    program.write_text(PROGRAM)
    done = engine("up", "--yes", "--plan", str(plan))
    assert done.code == 0, done.err
    assert things(folder) == 1


def test_strict_holds_an_update_to_its_own_preview(engine: Run, folder: Path) -> None:
    runs = folder / "runs"
    counting = (
        f"import pathlib\nruns = pathlib.Path({str(runs)!r})\nruns.write_text(runs.read_text() + 'x')\n"
    )
    runs.write_text("")
    changing = PROGRAM.replace("size=2", "size=len(runs.read_text())")
    (folder / "__main__.py").write_text(counting + changing)
    refused = engine("up", "--yes", "--strict")
    assert refused.code == 1
    assert "size: is added as 2, planned: add 1" in refused.err
    assert things(folder) == 0
    (folder / "__main__.py").write_text(PROGRAM)
    assert engine("up", "--yes", "--strict").code == 0
    assert things(folder) == 1


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["up", "--yes", "--plan", "nowhere.json"], ["plan", "nowhere.json", "cannot be read"]),
        (["up", "--yes", "--skip-preview", "--strict"], ["--strict", "--skip-preview"]),
        (["up", "--yes", "--strict", "--plan", "p"], ["--strict", "--plan"]),
        (["up", "--yes", "--save-plan", "p"], ["--save-plan", "is not an option"]),
        (["preview", "--save-plan", "/nowhere/at/all/p"], ["plan", "/nowhere/at/all/p"]),
        (["destroy", "--yes", "--plan", "p"], ["--plan", "is not an option"]),
    ],
)
def test_what_makes_no_sense_is_refused(
    engine: Run, folder: Path, arguments: list[str], parts: list[str]
) -> None:
    told = engine(*arguments)
    assert told.code == 2, told.out
    assert all(part in told.err for part in parts), told.err
    assert things(folder) == 0
