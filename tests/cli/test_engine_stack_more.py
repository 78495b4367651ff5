"""Stacks renamed, with copied configuration, and their history in pages; configuration set by many verbs."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, PROGRAM, TESTS, _official, folder, things

__all__ = ["folder"]


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack that is up, with a secret in its configuration."""

    def run(*arguments: str) -> Ran:
        plugins = ("--plugin-path", str(PLUGINS)) if arguments[0] in ("preview", "up") else ()
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    assert run("stack", "init", "dev").code == 0
    assert run("config", "set-all", "--plaintext", "cloud:region=here", "--secret", "word=hunter5").code == 0
    assert run("up", "-y", "-f").code == 0
    return run


def test_a_renamed_stack_is_the_same_under_its_new_name(engine: Run, folder: Path) -> None:
    assert engine("up", "-y", "-f", "-m", "again").code == 0
    before = engine("stack", "history", "-s", "dev").out
    assert engine("stack", "rename", "prod", "-s", "dev").out == "renamed dev to prod\n"
    assert [s["name"] for s in json.loads(engine("stack", "ls", "--json").out)] == ["prod"]
    assert not (folder / "Pulumi.dev.yaml").exists()
    assert engine("config", "get", "word", "-s", "prod", "--show-secrets").out == "hunter5\n"
    assert engine("stack", "history", "-s", "prod").out == before
    text = engine("stack", "export", "-s", "prod").out
    assert "::pulumi:pulumi:Stack::proj-prod" in text
    assert ":dev::" not in text
    same = engine("preview", "--expect-no-changes", "-s", "prod")
    assert same.code == 0, same.out + same.err
    if shutil.which("pulumi"):
        assert "proj-prod" in _official(folder, "stack", "export", "-s", "prod")
    assert things(folder) == 1


def test_a_rename_that_was_killed_goes_on(engine: Run, folder: Path) -> None:
    program = (
        "import os\n"
        "from datahall.engine import backend\n"
        "from datahall.cli import main\n"
        "backend.StackFiles.remove = lambda self: os._exit(9)\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, "engine", "stack", "rename", "prod", "-s", "dev"]
    done = subprocess.run(
        [*command, "-C", str(folder)],
        check=False,
        cwd=TESTS.parent,
        env=dict(os.environ),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 9, done.stderr
    assert len(json.loads(engine("stack", "ls", "--json").out)) == 2
    assert engine("stack", "rename", "prod", "-s", "dev").code == 0
    assert [s["name"] for s in json.loads(engine("stack", "ls", "--json").out)] == ["prod"]
    assert engine("preview", "--expect-no-changes", "-s", "prod").code == 0


@pytest.mark.parametrize(
    ("name", "part"),
    [("dev", "is its name already"), ("other", "exists already"), ("a/b", "choose another name")],
)
def test_names_that_cannot_be_given_are_refused(engine: Run, name: str, part: str) -> None:
    assert engine("stack", "init", "other").code == 0
    before = engine("stack", "export", "-s", "dev").out
    refused = engine("stack", "rename", name, "-s", "dev")
    assert refused.code == 2
    assert part in refused.err
    assert engine("stack", "export", "-s", "dev").out == before


def test_the_history_comes_in_pages(engine: Run) -> None:
    for message in ("two", "three"):
        assert engine("up", "-y", "-f", "-m", message).code == 0

    def messages(*arguments: str) -> list[str]:
        return [each["message"] for each in json.loads(engine("stack", "history", "--json", *arguments).out)]

    assert messages() == ["three", "two", ""]
    assert messages("--page-size", "2") == ["three", "two"]
    assert messages("--page-size", "2", "--page", "2") == [""]
    assert messages("--page", "9") == []
    assert engine("stack", "history", "--page", "0").code == 2


def test_configuration_is_copied_and_secrets_get_the_other_key(engine: Run, folder: Path) -> None:
    made = engine("stack", "init", "prod", "--copy-config-from", "dev")
    assert made.code == 0, made.err
    dev, prod = (folder / f"Pulumi.{stack}.yaml" for stack in ("dev", "prod"))
    assert "hunter5" not in prod.read_text()
    salt = [line for line in prod.read_text().splitlines() if "encryptionsalt" in line]
    assert salt != [line for line in dev.read_text().splitlines() if "encryptionsalt" in line]
    assert engine("config", "get", "word", "-s", "prod", "--show-secrets").out == "hunter5\n"
    if shutil.which("pulumi"):
        assert _official(folder, "config", "get", "word", "-s", "prod").strip() == "hunter5"

    assert engine("config", "set", "size", "7", "-s", "dev").code == 0
    assert engine("config", "cp", "size", "-s", "dev", "--dest", "prod").out == "copied proj:size\n"
    assert engine("config", "get", "size", "-s", "prod").out == "7\n"
    for arguments in (["nothing", "-d", "prod"], ["--dest", "dev"], ["--dest", "nowhere"]):
        assert engine("config", "cp", *arguments, "-s", "dev").code == 2
    assert engine("stack", "init", "third", "--copy-config-from", "nowhere").code == 2
    assert not (folder / "Pulumi.third.yaml").exists()


def test_several_values_at_once(engine: Run, folder: Path) -> None:
    many = ("--plaintext", "a=1", "--plaintext", "b=x=y", "--secret", "c=hunter6")
    assert engine("config", "set-all", *many).code == 0
    assert (engine("config", "get", "b").out, engine("config", "get", "c").out) == ("x=y\n", "[secret]\n")
    assert "hunter6" not in (folder / "Pulumi.dev.yaml").read_text()
    before = (folder / "Pulumi.dev.yaml").read_text()
    wrong = engine("config", "set-all", "--plaintext", "d=1", "--plaintext", "nonsense")
    assert (wrong.code, (folder / "Pulumi.dev.yaml").read_text()) == (2, before)
    assert "nonsense: is no KEY=VALUE" in wrong.err
    assert engine("config", "rm-all", "a", "b").code == 0
    assert engine("config", "get", "a").code == 2


def test_configuration_given_to_an_operation_is_kept(engine: Run, folder: Path) -> None:
    (folder / "__main__.py").write_text(PROGRAM.replace("size=2", 'size=pulumi.Config().get_int("size")'))
    told = engine("preview", "--json", "-c", "size=3", "--config", "deep.a=1", "--config-path")
    assert told.code == 0, told.err
    assert told.json["config"]["proj:size"] == "3"
    assert engine("config", "get", "deep").out == '{"a":1}\n'
    assert engine("up", "-y", "-c", "size=4").code == 0
    assert json.loads(engine("stack", "output", "area", "--json").out) == 16
    assert engine("up", "-y", "-c", "size").code == 2


def test_the_last_configuration_comes_back(engine: Run, folder: Path) -> None:
    file = folder / "Pulumi.dev.yaml"
    before = file.read_text()
    for value in ("7", "8"):
        assert engine("config", "set", "size", value).code == 0
        told = engine("config", "refresh")
        assert told.code == 0, told.err
        assert engine("config", "get", "size").code == 2
    assert "Pulumi.dev.yaml.bak.bak" in told.out
    assert "size: '8'" in (folder / "Pulumi.dev.yaml.bak.bak").read_text()
    file.unlink()
    assert engine("config", "refresh", "--force").code == 0
    assert yaml.safe_load(file.read_text()) == yaml.safe_load(before)
    if shutil.which("pulumi"):
        _official(folder, "config", "refresh", "-s", "dev", "--force")
        assert yaml.safe_load(file.read_text()) == yaml.safe_load(before)
    assert engine("config", "get", "word", "--show-secrets").out == "hunter5\n"
    assert engine("preview", "--expect-no-changes").code == 0

    assert engine("stack", "init", "fresh").code == 0
    refused = engine("config", "refresh", "-s", "fresh")
    assert (refused.code, "run up first" in refused.err) == (2, True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", io.StringIO("battery staple\n"))
        assert engine("stack", "change-secrets-provider", "passphrase", "-s", "dev").code == 0
    refused = engine("config", "refresh", "-s", "dev")
    assert (refused.code, "a key that the stack does not have" in refused.err) == (2, True)


GRAPH = """strict digraph {
rankdir=LR;
    Resource0 [label="second"];
    Resource0 -> Resource1 [color = "red"];
    Resource1 [label="first"];
    Resource1 -> Resource2 [color = "red"];
    Resource3 [label="default_1_2_3"];
    Resource2 [label="proj-dev"];
}
"""


def test_a_graph_of_the_stack(engine: Run, folder: Path) -> None:
    more = 'Thing("second", note=thing.serial, opts=pulumi.ResourceOptions(parent=thing))\n'
    (folder / "__main__.py").write_text(PROGRAM + more)
    assert engine("up", "-y", "-f").code == 0

    def drawn(*flags: str) -> str:
        told = engine("stack", "graph", str(folder / "ours"), *flags)
        assert told.code == 0, told.err
        return (folder / "ours").read_text()

    flags = ("--short-node-name", "--parent-edge-color", "red", "--dot-fragment", "rankdir=LR;")
    assert drawn(*flags, "--ignore-dependency-edges") == GRAPH
    whole = drawn()
    for part in ('[label="urn:pulumi:dev::proj::cloud:index:Thing::first"]', '"#246C60", label = "note"]'):
        assert part in whole
    if shutil.which("pulumi"):
        for given in ((), flags, ("--ignore-parent-edges",)):
            _official(folder, "stack", "graph", str(folder / "theirs"), "-s", "dev", *given)
            assert drawn(*given) == (folder / "theirs").read_text()
    assert engine("stack", "graph", str(folder / "no" / "where")).code == 2
