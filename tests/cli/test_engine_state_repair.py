"""`datahall engine state repair`: what does not fit together is put in order, and nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, TESTS, _official, folder

__all__ = ["folder"]

PROGRAM = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import House, Thing

home = House("home")
inner = Thing("inner", opts=pulumi.ResourceOptions(parent=home))
leaf = Thing("leaf", note=inner.serial, opts=pulumi.ResourceOptions(parent=inner))
Thing("last", note=leaf.serial, opts=pulumi.ResourceOptions(depends_on=[home]))
"""
Resources = list[dict[str, Any]]


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack that is up."""
    (folder / "__main__.py").write_text(PROGRAM)

    def run(*arguments: str) -> Ran:
        plugins = ("--plugin-path", str(PLUGINS)) if arguments[0] in ("preview", "up") else ()
        return datahall("engine", *arguments, *plugins, "-C", str(folder), "-s", "dev")

    assert datahall("engine", "stack", "init", "dev", "-C", str(folder)).code == 0
    assert run("up", "-y", "-f").code == 0
    return run


def damage(folder: Path, change: Callable[[Resources], object]) -> Path:
    """Edit the state by hand, as its checksum allows."""
    file = folder.parent / "backend" / ".pulumi" / "stacks" / "proj" / "dev.json"
    data = json.loads(file.read_text())
    data.pop("sha256")
    change(data["checkpoint"]["latest"]["resources"])
    file.write_text(json.dumps(data))
    return file


def named(resources: Resources, name: str) -> dict[str, Any]:
    return next(each for each in resources if each["urn"].endswith(f"::{name}"))


def without(name: str) -> Callable[[Resources], object]:
    return lambda resources: resources.remove(named(resources, name))


def test_a_good_state_is_left_alone(engine: Run) -> None:
    before = engine("stack", "export").out
    assert engine("state", "repair").out == "dev needs no repair\n"
    assert engine("stack", "export").out == before


def test_resources_are_put_after_what_they_need(engine: Run, folder: Path) -> None:
    file = damage(folder, lambda resources: resources.reverse())
    assert engine("stack", "export").code == 2
    assert engine("state", "repair").code == 2  # nobody can be asked
    broken = file.read_bytes()
    told = engine("state", "repair", "--yes")
    assert told.code == 0, told.err
    assert "moved after what it needs" in told.out
    assert file.with_name("dev.json.bak").read_bytes() == broken
    same = engine("preview", "--expect-no-changes")
    assert same.code == 0, same.err


def test_references_to_nothing_are_dropped_and_children_stand_alone(engine: Run, folder: Path) -> None:
    damage(folder, without("home"))
    assert engine("stack", "export").code == 2
    told = engine("state", "repair", "-y")
    assert told.code == 0, told.err
    alone = "urn:pulumi:dev::proj::cloud:index:Thing::inner"
    assert f"$cloud:index:Thing::inner to {alone}" in told.out
    resources = json.loads(engine("stack", "export").out)["deployment"]["resources"]
    assert "parent" not in named(resources, "inner")
    leaf = named(resources, "leaf")
    assert (leaf["parent"], leaf["propertyDependencies"]["note"]) == (alone, [alone])
    assert leaf["urn"] == "urn:pulumi:dev::proj::cloud:index:Thing$cloud:index:Thing::leaf"
    assert not any("House::home" in json.dumps(named(resources, name)) for name in ("inner", "leaf", "last"))
    if shutil.which("pulumi"):
        assert "leaf" in _official(folder, "stack", "export", "-s", "dev")


def test_what_cannot_be_repaired_is_named_and_left(engine: Run, folder: Path) -> None:
    file = damage(folder, without("default_1_2_3"))
    broken = file.read_bytes()
    refused = engine("state", "repair", "-y")
    assert refused.code == 2
    assert "its provider" in refused.err
    file.write_bytes(broken[:-40])
    refused = engine("state", "repair", "-y")
    assert (refused.code, file.read_bytes()) == (2, broken[:-40])
    assert "not valid JSON" in refused.err


def test_a_state_that_changed_under_its_checksum_is_not_repaired(engine: Run, folder: Path) -> None:
    file = folder.parent / "backend" / ".pulumi" / "stacks" / "proj" / "dev.json"
    file.write_text(file.read_text().replace("House::home", "House::hume", 1))
    refused = engine("state", "repair", "-y")
    assert refused.code == 2
    assert "checksum" in refused.err
