"""`datahall engine state move`: from one stack's record to another's, and nothing lost on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datahall.engine import checkpoint
from datahall.engine.errors import StoreFailed
from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, TESTS, folder, things

__all__ = ["folder"]

PROGRAM = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import House, Provider, Thing

east = Provider("mine", "east")
if pulumi.get_stack() == "dev":
    first = Thing("first", size=2)
{{more}}
"""
MORE = """
    home = House("home")
    inner = Thing("inner", password=pulumi.Output.secret("hunter2"), note=first.serial,
                  opts=pulumi.ResourceOptions(parent=home, provider=east))
    Thing("last", note=inner.serial, opts=pulumi.ResourceOptions(depends_on=[home]))
"""
HOME = "urn:pulumi:dev::proj::test:index:House::home"


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on two stacks, the second with a provider only."""
    (folder / "__main__.py").write_text(PROGRAM.format(more=MORE))

    def run(*arguments: str) -> Ran:
        plugins = () if arguments[0] in ("stack", "state") else ("--plugin-path", str(PLUGINS))
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    for stack in ("dev", "prod"):
        assert run("stack", "init", stack).code == 0
        done = run("up", "-y", "-f", "-s", stack)
        assert done.code == 0, done.err
    return run


def recorded(engine: Run, stack: str) -> dict[str, dict[str, Any]]:
    text = engine("stack", "export", "-s", stack, "--show-secrets").out
    found = json.loads(text)["deployment"].get("resources", [])
    return {each["urn"].rpartition("::")[2]: each for each in found}


def move(engine: Run, *urns: str) -> Ran:
    return engine("state", "move", *urns, "--source", "dev", "--dest", "prod", "--yes")


def test_a_component_goes_with_its_children_and_their_secrets(engine: Run, folder: Path) -> None:
    before, count = recorded(engine, "dev"), things(folder)
    told = move(engine, HOME)
    assert told.code == 0, told.err
    for line in ("inner: dependency", "first", "last: dependency"):
        assert line in told.out
    assert "hunter2" not in told.out

    dev, prod = recorded(engine, "dev"), recorded(engine, "prod")
    assert set(dev) == set(before) - {"home", "inner", "home-base", "home-roof"}
    assert {"home", "inner", "home-base", "home-roof", "default_1_2_3"} <= set(prod)
    inner = prod["inner"]
    assert inner["urn"] == "urn:pulumi:prod::proj::test:index:House$cloud:index:Thing::inner"
    assert inner["parent"] == "urn:pulumi:prod::proj::test:index:House::home"
    assert inner["inputs"]["password"]["plaintext"] == '"hunter2"'
    assert inner["id"] == before["inner"]["id"]
    assert inner["provider"] == f"{prod['mine']['urn']}::{prod['mine']['id']}"  # as good as the one it had
    assert not inner.get("dependencies")
    assert not dev["last"].get("dependencies")
    assert things(folder) == count

    (folder / "__main__.py").write_text(
        PROGRAM.format(
            more=f"""
    Thing("last", note={dev["last"]["inputs"]["note"]!r})
else:
    home = House("home")
    Thing("inner", password=pulumi.Output.secret("hunter2"), note={inner["inputs"]["note"]!r},
          opts=pulumi.ResourceOptions(parent=home, provider=east))
"""
        )
    )
    for stack in ("dev", "prod"):
        same = engine("preview", "--expect-no-changes", "-s", stack)
        assert same.code == 0, same.out + same.err


def test_a_move_that_was_cut_short_is_brought_to_its_end_by_the_same_move(
    engine: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recorded(engine, "dev")
    program = (
        "import os, sys\n"
        "from datahall.engine import state_move\n"
        "from datahall.cli import main\n"
        "write, count = state_move.write_resources, [0]\n"
        "def killed(*given):\n"
        "    if count[0]:\n"
        "        os._exit(9)\n"
        "    count[0] = 1\n"
        "    write(*given)\n"
        "state_move.write_resources = killed\n"
        "main()\n"
    )
    command = ["engine", "state", "move", HOME, "--source", "dev", "--dest", "prod", "-y", "-C", str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", program, *command],
        check=False,
        cwd=TESTS.parent,
        env=dict(os.environ),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 9, done.stderr
    assert recorded(engine, "dev") == before
    assert "inner" in recorded(engine, "prod")

    again = move(engine, HOME)
    assert again.code == 0, again.err
    assert "inner" not in recorded(engine, "dev")
    assert list(recorded(engine, "prod")).count("inner") == 1


def test_a_move_whose_second_write_fails_is_undone(engine: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [recorded(engine, stack) for stack in ("dev", "prod")]
    from datahall.engine import state_move

    written: list[int] = []

    def failing(files: Any, resources: Any) -> None:  # noqa: ANN401 - as the one it stands for
        written.append(len(resources))
        if len(written) == 2:
            raise StoreFailed("the disk is full")
        checkpoint.write_resources(files, resources)

    monkeypatch.setattr(state_move, "write_resources", failing)
    failed = move(engine, HOME)
    assert failed.code != 0
    assert "the disk is full" in failed.err
    assert len(written) == 3
    assert [recorded(engine, stack) for stack in ("dev", "prod")] == states


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([HOME, "--source", "dev"], ["--dest", "missing"]),
        ([HOME, "--source", "dev", "--dest", "dev", "--yes"], ["is the source"]),
        ([HOME, "--source", "dev", "--dest", "nowhere", "--yes"], ["no such stack"]),
        ([HOME + "s", "--source", "dev", "--dest", "prod", "--yes"], ["no such resource"]),
        (
            ["urn:pulumi:dev::proj::pulumi:providers:cloud::mine", "--source", "dev", "--dest", "prod", "-y"],
            ["a provider"],
        ),
        ([HOME, "--source", "dev", "--dest", "prod"], ["--yes", "missing"]),
        (["--source", "dev", "--dest", "prod", "-y"], ["URNS", "missing"]),
    ],
)
def test_what_cannot_be_moved_is_refused(engine: Run, arguments: list[str], parts: list[str]) -> None:
    before = [recorded(engine, stack) for stack in ("dev", "prod")]
    refused = engine("state", "move", *arguments)
    assert refused.code == 2
    assert all(part in refused.err for part in parts), refused.err
    assert [recorded(engine, stack) for stack in ("dev", "prod")] == before


def test_another_of_that_urn_is_not_overwritten(engine: Run, folder: Path) -> None:
    (folder / "__main__.py").write_text(
        PROGRAM.replace('if pulumi.get_stack() == "dev"', "if True").format(more="")
    )
    assert engine("up", "-y", "-f", "-s", "prod").code == 0
    refused = move(engine, "urn:pulumi:dev::proj::cloud:index:Thing::first")
    assert refused.code == 2
    assert "prod has another one of that URN" in refused.err


def test_parents_are_included_when_asked_for(engine: Run) -> None:
    inner = "urn:pulumi:dev::proj::test:index:House$cloud:index:Thing::inner"
    alone = engine("state", "move", inner, "--source", "dev", "--dest", "prod", "--include-parents", "-y")
    assert alone.code == 0, alone.err
    assert {"home", "inner", "home-base"} <= set(recorded(engine, "prod"))


def test_resources_move_to_another_project(engine: Run, datahall: Run, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    (other / "__main__.py").write_text("")
    assert datahall("engine", "stack", "init", "main", "-C", str(other)).code == 0
    first = recorded(engine, "dev")["first"]
    moved = engine(
        "state", "move", first["urn"], "--source", "dev", "--dest", "organization/other/main", "-y"
    )
    assert moved.code == 0, moved.err
    assert "first" not in recorded(engine, "dev")

    def there(*arguments: str) -> Ran:
        return datahall("engine", *arguments, "-C", str(other))

    found = json.loads(there("stack", "export").out)["deployment"]["resources"]
    assert [each["urn"] for each in found] == [
        "urn:pulumi:main::other::pulumi:pulumi:Stack::other-main",
        "urn:pulumi:main::other::pulumi:providers:cloud::default_1_2_3",
        "urn:pulumi:main::other::cloud:index:Thing::first",
    ]
    assert found[2]["id"] == first["id"]
    gone = there("destroy", "-y", "--plugin-path", str(PLUGINS), "-s", "organization/other/main")
    assert gone.code == 0, gone.err
    for name, part in (("a/other/main", "must be STACK or"), ("organization/other/none", "no such stack")):
        refused = engine("state", "move", HOME, "--source", "dev", "--dest", name, "-y")
        assert (refused.code, part in refused.err) == (2, True), refused.err
