"""What Pulumi.yaml says: configuration with types and defaults, plugins by path, options."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from datahall import engine
from datahall.engine import InvalidProject, Op, ProgramFailed, ProviderFailed, Unsupported
from datahall.engine.config_edit import set_config

from .conftest import PLUGINS, World
from .programs import Thing


def written(world: World, text: str, stack: str = "") -> World:
    """The world with more in its Pulumi.yaml, and in its stack's file, which counts."""
    (world.folder / "Pulumi.yaml").write_text(f"name: proj\nruntime: python\n{text}")
    with (world.folder / "Pulumi.dev.yaml").open("a") as file:
        file.write(stack)
    world.project = engine.load_project(world.folder)
    world.options = replace(world.options, config=None)
    return world


def values(world: World) -> dict[str, object]:
    """The configuration as the program gets it."""
    found: dict[str, object] = {}

    def program() -> None:
        config = pulumi.Config()
        for key in ("text", "number", "flag", "list", "object", "float", "plain"):
            found[key] = config.get(key)
        found["region"] = pulumi.Config("cloud").get("region")

    world.preview(program)
    return found


DECLARED = """
config:
  text: {type: string, default: words, description: said by the program}
  proj:number: {type: integer, default: 3}
  flag: {type: boolean, default: true}
  list: {type: array, items: {type: array, items: {type: integer}}, default: [[1], [2, 3]]}
  object: {type: object, default: {a: [true]}}
  float: {default: 1.5}
  plain: 7
  cloud:region: {value: there}
"""


def test_defaults_are_what_a_stack_without_values_gets(world: World) -> None:
    assert values(written(world, DECLARED)) == {
        "text": "words",
        "number": "3",
        "flag": "true",
        "list": "[[1],[2,3]]",
        "object": '{"a":[true]}',
        "float": "1.5",
        "plain": "7",
        "region": "there",
    }


def test_a_stacks_own_values_come_first(world: World) -> None:
    stack = "config:\n  proj:text: '5'\n  proj:number: 4\n  proj:list: [[9]]\n  cloud:region: here\n"
    found = values(written(world, DECLARED, stack))
    assert (found["text"], found["number"], found["list"], found["region"]) == ("5", "4", "[[9]]", "here")


@pytest.mark.parametrize(
    ("declared", "value", "word"),
    [
        ("number: {type: integer}", "many", "proj:number: must be of type integer"),
        ("number: {type: integer}", "1.5", "proj:number: must be of type integer"),
        ("flag: {type: boolean}", "maybe", "proj:flag: must be of type boolean"),
        ("text: {type: string}", "[a]", "proj:text: must be of type string"),
        ("object: {type: object}", "[a]", "proj:object: must be of type object"),
        ("list: {type: array, items: {type: integer}}", "[1, a]", "must be of type array<integer>"),
        (
            "list: {type: array, items: {type: array, items: {type: string}}}",
            "[a]",
            "must be of type array<array<string>>",
        ),
        ("text: {type: string, secret: true}", "hunter2", "proj:text: must be a secret"),
    ],
)
def test_a_value_of_another_type_is_told(world: World, declared: str, value: str, word: str) -> None:
    key = declared.partition(":")[0]
    written(world, f"config:\n  {declared}\n", f"config:\n  proj:{key}: {value}\n")
    with pytest.raises(InvalidProject, match=word) as caught:
        world.up(lambda: Thing("it"))
    assert "hunter2" not in str(caught.value)
    assert not world.state_file.exists()


@pytest.mark.parametrize("value", ["4", "'4'", "-3"])
def test_what_says_an_integer_is_one(world: World, value: str) -> None:
    written(world, "config:\n  number: {type: integer}\n", f"config:\n  proj:number: {value}\n")
    world.preview(lambda: None)


def test_values_that_a_stack_lacks_are_told_together(world: World) -> None:
    written(world, "config:\n  b: {type: string}\n  a: {description: needed}\n  c: {default: x}\n")
    with pytest.raises(InvalidProject, match="config: proj:a, proj:b: no value"):
        world.up(lambda: None)
    with pytest.raises(InvalidProject, match="config: proj:a, proj:b: no value"):
        world.destroy()


def test_what_is_declared_secret_is_one(world: World) -> None:
    written(world, "config:\n  text: {type: string, secret: true}\n")
    set_config(world.project, "dev", world.options, "text", "hunter2", secret=True, path=False)
    world.up(lambda: Thing("it", word=pulumi.Config().require_secret("text")))
    assert world.inventory()["it"]["word"] == "hunter2"
    assert "hunter2" not in world.state_file.read_text()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("config: [a]", "config: .*a mapping is expected"),
        ("config:\n  a: {default: 1, value: 2}", "a: .*both default and value"),
        ("config:\n  a: {type: text}", "type 'text': not one of string, integer"),
        ("config:\n  a: {type: array}", "items: the type of an array's items"),
        ("config:\n  a: {type: array, items: {type: bits}}", "type 'bits'"),
        ("config:\n  a: {type: integer, default: many}", "default 'many': not of type integer"),
        ("config:\n  a: {secret: maybe}", "secret 'maybe': true or false"),
        ("config:\n  a: {typo: 1}", "typo: only type, items, default"),
        ("config:\n  other:a: {type: string}", "of another namespace"),
        ("config:\n  other:a: {default: x}", "of another namespace"),
        ("config:\n  other:a: {description: x}", "a value is needed"),
        ("config: conf\nstackConfigDir: conf", "a folder, as stackConfigDir is"),
        ("options: {refresh: sometimes}", "options: .*only `refresh: always`"),
        ("options: {other: 1}", "options: "),
        ('requiredPulumiVersion: ">=4.0.0 || <3.0.0"', "does as Pulumi 3.260.0"),
        ('requiredPulumiVersion: ">=3.0.0 !3.260.0"', "does as Pulumi 3.260.0"),
        ("requiredPulumiVersion: about 3", "not a range"),
        ("packages: [cloud]", "packages: .*a mapping"),
        ("packages: {cloud: {version: 1}}", r"packages\.cloud: .*a source"),
        ("packages: {cloud: ./none}", r"packages\.cloud: .*no such folder"),
        ("packages: {cloud: {source: cloud, checksums: {linux-x64: ab}}}", "checksums: not supported"),
        ("packages: {cloud: {source: cloud, extensions: [a]}}", "extensions: not supported"),
        ("packages: {cloud: {source: cloud, url: a}}", "url: not a member"),
        ("plugins: [cloud]", "plugins: .*a mapping"),
        ("plugins: {providers: {}, other: 1}", r"plugins\.other"),
        ("plugins: {providers: {name: cloud}}", r"plugins\.providers: .*a list"),
        (
            "plugins: {providers: [{name: cloud, path: none}]}",
            r"providers\[0\]: .*path 'none': no such folder",
        ),
        ("plugins: {providers: [{path: .}]}", r"providers\[0\]: .*no name"),
        ("plugins: {providers: [{name: cloud, path: ., version: one}]}", "version 'one': not a semantic"),
        ("plugins: {providers: [{name: cloud, where: .}]}", "name, path and version"),
    ],
)
def test_what_is_wrong_with_a_project_is_told_by_field(world: World, text: str, word: str) -> None:
    with pytest.raises((InvalidProject, Unsupported), match=word):
        written(world, text)


def test_a_folder_in_place_of_config_is_that_of_the_stacks_files(world: World) -> None:
    (world.folder / "conf").mkdir()
    (world.folder / "Pulumi.dev.yaml").rename(world.folder / "conf" / "Pulumi.dev.yaml")
    (world.folder / "Pulumi.dev.yaml").write_text("config: {proj:text: wrong}\n")
    (world.folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\nconfig: conf\n")
    world.project = engine.load_project(world.folder)
    world.options = replace(world.options, config=None)
    assert values(world)["text"] is None


def plugin_folder(path: Path) -> Path:
    """A folder with the cloud's plugin."""
    path.mkdir()
    for name in ("pulumi-resource-cloud", "cloud.py"):
        shutil.copy(PLUGINS / name, path / name)
    return path


def test_a_project_points_at_a_plugin_by_name(own_world: World) -> None:
    plugin_folder(own_world.folder / "mine")
    world = written(own_world, "plugins:\n  providers:\n    - {name: cloud, path: mine}\n")
    world.up(lambda: Thing("it"), plugin_path=[])
    assert world.count() == 1
    world.destroy(plugin_path=[])
    assert world.count() == 0


YARDS = """
import pulumi
from typing import TypedDict
from pulumi.provider.experimental import component_provider_host

class YardArgs(TypedDict):
    size: pulumi.Input[int]

class Yard(pulumi.ComponentResource):
    area: pulumi.Output[int]

    def __init__(self, name: str, args: YardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("yards:index:Yard", name, {}, opts)
        self.area = pulumi.Output.from_input(args["size"]).apply(lambda size: size * size)
        self.register_outputs({"area": self.area})

component_provider_host(name="yards", components=[Yard])
"""


class Yard(pulumi.ComponentResource):
    """A component of the project's own package."""

    area: pulumi.Output[float]

    def __init__(self, name: str, size: int) -> None:
        super().__init__("yards:index:Yard", name, {"area": None, "size": size}, None, remote=True)


def test_a_package_in_a_folder_is_python_source(own_world: World) -> None:
    folder = own_world.folder / "yards"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(YARDS)
    asked = 'requiredPulumiVersion: "<3.0.0 || >=3.200.0 !=3.201.1"\n'
    world = written(
        own_world, f"{asked}packages:\n  yards: ./yards\n  cloud: {{source: cloud, version: 1.2.3}}\n"
    )

    def program() -> None:
        pulumi.require_pulumi_version(">=3.0.0")
        Thing("it", size=2)
        pulumi.export("area", Yard("yard", 3).area)

    world.up(program)
    assert (world.outputs(), world.count()) == ({"area": 9}, 1)
    assert not world.preview(program).changed
    with pytest.raises(ProgramFailed, match="this engine does as Pulumi"):
        world.preview(lambda: pulumi.require_pulumi_version("<3.0.0"))
    (folder / "PulumiPlugin.yaml").write_text("runtime: {name: nodejs}\n")
    with pytest.raises(Unsupported, match="runtime nodejs: only python"):
        world.preview(program)


def test_a_projects_plugin_of_another_version_is_not_taken(own_world: World) -> None:
    plugin_folder(own_world.folder / "mine")
    world = written(own_world, "plugins: {providers: [{name: cloud, path: mine, version: 2.0.0}]}\n")
    with pytest.raises(ProviderFailed, match="no executable pulumi-resource-cloud"):
        world.up(lambda: Thing("it"), plugin_path=[])  # it asks for 1.2.3
    world = written(own_world, "plugins: {providers: [{name: cloud, path: mine, version: 1.2.3}]}\n")
    world.up(lambda: Thing("it"), plugin_path=[])
    assert world.count() == 1


def test_the_callers_plugins_come_before_the_projects(own_world: World) -> None:
    """So that a rehearsal has the sandbox's, whatever a project names."""
    broken = plugin_folder(own_world.folder / "mine") / "pulumi-resource-cloud"
    broken.write_text("#!/bin/sh\nexit 3\n")
    world = written(own_world, "plugins: {providers: [{name: cloud, path: mine}]}\n")
    world.up(lambda: Thing("it"))
    assert world.count() == 1


def test_a_project_that_always_refreshes(world: World) -> None:
    written(world, "options: {refresh: always}\n")
    world.up(lambda: Thing("it", size=2))
    world.tamper("it", size=5)
    result = world.up(lambda: Thing("it", size=2))
    assert result.summary[Op.UPDATE] == 1
    assert world.inventory()["it"]["size"] == 2
    world.thing("it").unlink()
    world.destroy()
    assert world.count() == 0
