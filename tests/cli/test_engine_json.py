"""`preview --json`: the official CLI's digest, and what is ours beside it."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, TESTS, _official, folder

__all__ = ["folder"]

HEAD = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import Thing
"""
BEFORE = """
first = Thing("first", size=2, password=pulumi.Output.secret("hunter2"))
Thing("kept", size=2)
Thing("kind", kind="oak")
Thing("plot", plot="a", note=first.serial)
Thing("gone")
pulumi.export("area", first.area)
"""
AFTER = """
first = Thing("first", size=3, password=pulumi.Output.secret("hunter3"))
Thing("kept", size=2)
Thing("kind", kind="pine")
Thing("plot", plot="b", note=first.serial)
Thing("new", note=pulumi.Output.secret("hunter4"))
pulumi.export("area", first.area)
pulumi.log.warn("careful")
"""
PREFIX = "urn:pulumi:dev::proj::cloud:index:Thing::"


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack whose program wants all kinds of changes."""

    def run(*arguments: str) -> Ran:
        plugins = (
            ("--plugin-path", str(PLUGINS)) if arguments[0] in ("preview", "up", "refresh", "destroy") else ()
        )
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    (folder / "__main__.py").write_text(HEAD + BEFORE)
    assert run("stack", "init", "dev").code == 0
    assert run("config", "set", "cloud:region", "here").code == 0
    assert run("config", "set", "--secret", "word", "hunter5").code == 0
    assert run("up", "-y", "-f").code == 0
    (folder / "__main__.py").write_text(HEAD + AFTER)
    return run


def steps(digest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["urn"]: step for step in digest["steps"]}


def test_a_preview_says_what_it_would_do_and_no_secret(engine: Run) -> None:
    told = engine("preview", "--json")
    assert told.code == 0, told.err
    assert "hunter" not in told.out + told.err
    digest = told.json
    summary = {"same": 2, "update": 1, "replace": 2, "create": 1, "delete": 1}
    assert digest["changeSummary"] == digest["changes"] == summary
    assert digest["config"] == {"cloud:region": "here", "proj:word": "[secret]"}
    assert digest["duration"] > 0
    assert {"message": "warning: careful\n", "severity": "warning"} in digest["diagnostics"]
    assert all(each["severity"] != "debug" for each in digest["diagnostics"])

    found = steps(digest)
    assert {urn.removeprefix(PREFIX): step["op"] for urn, step in found.items() if PREFIX in urn} == {
        "first": "update",
        "kind": "replace",
        "plot": "replace",
        "new": "create",
        "gone": "delete",
    }
    first = found[PREFIX + "first"]
    assert first["diffReasons"] == ["password", "size"]
    assert first["oldState"]["inputs"]["size"] == 2
    assert first["newState"]["inputs"]["password"] == "[secret]"
    assert found[PREFIX + "kind"]["replaceReasons"] == ["kind"]
    assert "oldState" not in found[PREFIX + "new"]
    assert "newState" not in found[PREFIX + "gone"]


def test_a_refused_preview_gives_no_digest(engine: Run) -> None:
    refused = engine("preview", "--json", "--expect-no-changes")
    assert (refused.code, set(refused.json)) == (1, {"error"})


@pytest.mark.skipif(not shutil.which("pulumi-language-python"), reason="no official pulumi on PATH")
def test_the_official_digest_says_the_same(
    engine: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = [str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    theirs = json.loads(_official(folder, "preview", "-s", "dev", "--json"))
    ours = engine("preview", "--json").json
    assert ours["changeSummary"] == theirs["changeSummary"]
    assert ours["config"] == theirs["config"]
    passing = ("created", "modified", "sourcePosition", "stackTrace", "delete")

    def plain(digest: dict[str, Any]) -> dict[str, Any]:
        for step in digest["steps"]:
            for name in ("oldState", "newState"):
                state = step.get(name, {})
                for member in passing:
                    state.pop(member, None)
            new = step.get("newState", {})
            new.pop("outputs", None)  # theirs come later, or not
            new.pop("id", None)
            if step["op"] in ("create", "replace"):
                new.get("inputs", {}).pop("label", None)  # a random name
        return steps(digest)

    assert plain(ours) == plain(theirs)
