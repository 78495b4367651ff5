"""The table of verbs and flags in docs/engine.md is what there is; what it lists as absent is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from datahall.absent_verbs import ABSENT
from datahall.commands.engine import app
from tests.cli.official_flags import ALIASES, FLAGS
from tests.cli.running import Run

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "engine.md").read_text()
EVERYWHERE = {"--cwd", "--stack"}
EVERY = "every verb"


def verbs(parent: App = app, above: str = "") -> Iterator[tuple[str, App]]:
    seen: list[App] = []
    for name in parent:
        if name.startswith("-") or parent[name] in seen:  # another name of it
            continue
        verb, command = f"{above}{name}", parent[name]
        seen.append(command)
        inner = [inner for inner in command if not inner.startswith("-")]
        if not inner or command.default_command is not None:
            yield verb, command
        if inner:
            yield from verbs(command, f"{verb} ")


def flags(command: App) -> set[str]:
    """Long flags, as they are told; those that every verb has are left out."""
    found: set[str] = set()
    for argument in command.assemble_argument_collection():
        found |= {name for name in argument.names if re.match(r"--(?!no-(?!select)|empty-)", name)}
    return found - EVERYWHERE


def told(heading: str) -> dict[str, set[str]]:
    """A table's first column, and the words in code of its second."""
    section = DOCS.partition(f"### {heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE)
    assert rows, heading
    return {verb: set(re.findall(r"`([^`]+)`", words)) for verb, words in rows}


def test_the_documented_verbs_and_flags_are_those_there_are() -> None:
    assert told("Verbs and flags") == {verb: flags(command) for verb, command in verbs()}


@pytest.mark.parametrize("verb", told("Not there"))
def test_what_is_listed_as_absent_is_refused(datahall: Run, verb: str) -> None:
    known = dict(verbs())
    asked = "preview" if verb == EVERY else verb
    for flag in told("Not there")[verb] or {""}:
        refused = datahall("engine", *asked.split(), *filter(None, [flag]))
        assert refused.code == 2, (verb, flag)
        assert "Traceback" not in refused.err
        assert not flag or flag in refused.err
    assert asked in known or not told("Not there")[verb]


@pytest.mark.parametrize("verb", FLAGS)
def test_every_flag_of_the_official_cli_is_here_or_listed_as_absent(verb: str) -> None:
    known, absent = {name: flags(command) for name, command in verbs()}, told("Not there")
    here = {"state get": "state show"}.get(verb, verb)
    if here in absent and not absent[here]:
        return
    assert {*FLAGS[verb].split()} <= known.get(here, set()) | absent.get(here, set())


def test_verbs_that_are_absent_say_what_to_do_instead() -> None:
    assert {verb for verb, listed in told("Not there").items() if not listed} == {*ABSENT}


@pytest.mark.parametrize("verb", ALIASES)
def test_verbs_have_the_official_clis_other_names(verb: str) -> None:
    group = app[verb.partition(" ")[0]] if " " in verb else app
    assert {*ALIASES[verb].split()} <= {*group}
