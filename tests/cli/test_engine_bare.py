"""`datahall engine stack` and `config` without a verb; colours; other names of verbs; what is not a verb."""

import io
import json
import sys
from pathlib import Path

import pytest

from datahall.output import Color, Output
from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, folder

__all__ = ["folder"]


@pytest.fixture
def stack(folder: Path, datahall: Run) -> Path:
    """A project with an empty stack."""
    with (folder / "Pulumi.yaml").open("a") as file:
        file.write("config:\n  sizes: {type: array, items: {type: integer}, default: [1, 2]}\n")
    assert datahall("engine", "stack", "init", "dev", "-C", str(folder)).code == 0
    return folder


def engine(datahall: Run, stack: Path, *arguments: str) -> Ran:
    return datahall("engine", *arguments, "-C", str(stack))


def test_config_lists_what_the_program_gets(datahall: Run, stack: Path) -> None:
    for key, *more in (
        ("a", "1"),
        ("cloud:region", "here"),
        ("b", "hush", "--secret"),
        ("o.x", "3", "--path"),
    ):
        assert engine(datahall, stack, "config", "set", key, *more).code == 0
    told = engine(datahall, stack, "config")
    assert told.out.splitlines() == [
        "KEY           VALUE",
        "cloud:region  here",
        "a             1",
        "b             [secret]",
        'o             {"x":3}',
        "sizes         [1,2]",
    ]
    assert engine(datahall, stack, "config", "--json").json == {
        "cloud:region": {"value": "here", "secret": False},
        "proj:a": {"value": "1", "secret": False},
        "proj:b": {"secret": True},
        "proj:o": {"value": '{"x":3}', "objectValue": {"x": 3}, "secret": False},
        "proj:sizes": {"value": "[1,2]", "objectValue": [1, 2], "secret": False},
    }
    assert "b             hush" in engine(datahall, stack, "config", "--show-secrets").out
    shown = engine(datahall, stack, "config", "--show-secrets", "--json").json
    assert shown["proj:b"] == {"value": "hush", "secret": True}


def test_stack_tells_what_there_is(datahall: Run, stack: Path) -> None:
    assert "last update: " in engine(datahall, stack, "stack").out
    done = engine(datahall, stack, "update", "-y", "-f", "--plugin-path", str(PLUGINS), "--color", "always")
    assert done.code == 0, done.err
    assert "\x1b[" in done.out
    told = engine(datahall, stack, "stack", "-u", "-i").out
    assert told.startswith("Stack dev of project proj\n  last update: 20")
    assert "    cloud:index:Thing  first\n      URN: urn:pulumi:dev::proj::cloud:index:Thing::first\n" in told
    assert "      ID: first-" in told
    assert "    area: 4\n    password: [secret]\n" in told
    shown = engine(datahall, stack, "stack", "--show-secrets", "--json").json
    assert shown["outputs"] == {"area": 4, "password": "hunter2"}
    assert [each["name"] for each in shown["resources"]] == ["proj-dev", "default_1_2_3", "first"]
    assert engine(datahall, stack, "stack", "--show-name").out == "dev\n"


def test_an_operation_that_must_not_ask_needs_yes(datahall: Run, stack: Path) -> None:
    refused = engine(datahall, stack, "up", "--non-interactive", "--plugin-path", str(PLUGINS))
    assert refused.code == 2
    assert "--yes: missing: --non-interactive asks nobody; add --yes" in refused.err


def test_raw_colours_are_refused(datahall: Run, stack: Path) -> None:
    refused = engine(datahall, stack, "preview", "--color", "raw")
    assert refused.code == 2
    assert "--color: raw: " in refused.err


@pytest.mark.parametrize(("color", "coloured"), [("auto", True), ("always", True), ("never", False)])
def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch, color: Color, *, coloured: bool) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = Output(as_json=False, color=color, live=False)
    with output.stage("title") as stage:
        stage.line("a line")  # as for a log: nothing is drawn over
    told = terminal.getvalue()
    assert "a line" in told
    assert ("\x1b[" in told) == coloured


def test_verbs_have_the_official_clis_other_names(datahall: Run, stack: Path) -> None:
    assert engine(datahall, stack, "stack", "new", "other").code == 0
    listed = engine(datahall, stack, "stack", "list", "--json")
    assert [each["name"] for each in json.loads(listed.out)] == ["dev", "other"]
    assert engine(datahall, stack, "stack", "remove", "other", "-y").code == 0
    assert engine(datahall, stack, "config", "set", "a", "1", "-s", "dev").code == 0
    assert engine(datahall, stack, "config", "delete", "a").code == 0
    assert "proj:a" not in engine(datahall, stack, "config", "--json").json


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("stack liist", "liist: is not a command of datahall engine stack; did you mean list?"),
        ("stack xyzzy", "xyzzy: is not a command of datahall engine stack; choose one of: init, "),
        ("config gett", "gett: is not a command of datahall engine config; did you mean get?"),
        ("state lst", "lst: is not a command of datahall engine state; did you mean list?"),
        ("preveiw", "preveiw: is not a command of datahall engine; did you mean preview?"),
        ("stack select", "select: is not here; no stack is ever selected; give it by --stack"),
    ],
)
def test_a_hint_is_of_the_same_group(datahall: Run, words: str, said: str) -> None:
    told = datahall("engine", *words.split())
    assert told.code == 2
    assert f"command: {said}" in told.err
