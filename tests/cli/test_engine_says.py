"""What `datahall engine` tells of a program: its messages, no secret, replacements, and of which stack."""

from pathlib import Path

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_json import HEAD
from tests.cli.test_engine_verbs import PLUGINS, folder

__all__ = ["folder"]
TELLING = """
import json
word = pulumi.Config().require("word")
first = Thing("first", size=2)
print("printed", word)
pulumi.log.info(f"info {word}", first)
pulumi.log.warn(f"warned {word}")
pulumi.log.debug(f"debugged {word}")
"""


@pytest.fixture
def stack(folder: Path, datahall: Run) -> Path:
    (folder / "__main__.py").write_text(HEAD + TELLING)
    assert datahall("engine", "stack", "init", "dev", "-C", str(folder)).code == 0
    for setting in (("cloud:region", "here"), ("--secret", "word", "hunter5")):
        assert datahall("engine", "config", "set", *setting, "-C", str(folder)).code == 0
    return folder


@pytest.fixture
def engine(stack: Path, datahall: Run) -> Run:
    def run(verb: str, *arguments: str) -> Ran:
        return datahall("engine", verb, *arguments, "--plugin-path", str(PLUGINS), "-C", str(stack))

    return run


@pytest.mark.parametrize("streaming", [(), ("--json",)], ids=["people", "json"])
@pytest.mark.parametrize("raising", [False, True])
def test_a_secret_of_the_configuration_is_told_by_nothing(
    engine: Run, stack: Path, streaming: tuple[str, ...], raising: bool
) -> None:
    if raising:
        with (stack / "__main__.py").open("a") as file:
            file.write("raise pulumi.RunError(f'no {word}')\n")
    for verb in (("preview",), ("up", "-y", "--event-log", str(stack / "events"))):
        done = engine(*verb, *streaming)
        assert done.code == (2 if raising else 0), done.err
        assert "hunter5" not in done.out + done.err
        assert "printed [secret]" in done.out + done.err
        assert "warned [secret]" in done.out + done.err
        assert ("no [secret]" in done.err) is raising
    events = (stack / "events").read_text()
    assert "hunter5" not in events
    assert "warned [secret]" in events


def test_messages_are_told_with_their_resource(engine: Run) -> None:
    lines = engine("preview").out.splitlines()
    assert "info first: info [secret]" in lines
    assert "warning warned [secret]" in lines
    assert not any("debugged" in line for line in lines)


@pytest.mark.parametrize("deletes_first", [False, True])
def test_a_replacement_is_told_with_what_forces_it(engine: Run, stack: Path, deletes_first: bool) -> None:
    program = HEAD + "Thing('it', kind={kind!r}, opts=pulumi.ResourceOptions(delete_before_replace={first}))"
    (stack / "__main__.py").write_text(program.format(kind="oak", first=deletes_first))
    assert engine("up", "-y", "-f").code == 0
    (stack / "__main__.py").write_text(program.format(kind="pine", first=deletes_first))
    plain, shown = engine("preview").out, engine("preview", "--diff").out
    for told in (plain, shown):
        assert "± index Thing  it  replace" in told
        assert "1 to replace" in told
    assert '~ kind: "oak" => "pine" (forces replacement)' in shown
    done = engine("up", "-y", "-f", "--diff").out
    assert '~ kind: "oak" => "pine" (forces replacement)' in done
    assert "deleted (replaced)" in done


def test_pulumi_stack_names_the_stack(
    engine: Run, stack: Path, datahall: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_STACK", "prod")
    refused = engine("up", "-y")
    assert refused.code == 2
    assert "PULUMI_STACK: prod: no such stack in project" in refused.err
    assert datahall("engine", "stack", "init", "prod", "-C", str(stack)).code == 0
    monkeypatch.setenv("PULUMI_STACK", "dev")
    assert engine("preview").code == 0  # of several
    monkeypatch.setenv("PULUMI_STACK", "neither")
    assert engine("preview", "-s", "dev").code == 0  # a flag says more
