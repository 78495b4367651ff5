"""`runtime.options` of Pulumi.yaml: a program's virtual environment, and what is refused of the others."""

from __future__ import annotations

import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

from datahall.engine import EngineError, load_project, preview, up
from datahall.engine.virtualenv import virtualenv_of

from .conftest import World

PROGRAM = """
import os
import pulumi
import hall_of_elsewhere
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Echo(ResourceProvider):
    def create(self, props):
        import hall_of_elsewhere

        return CreateResult("id", {"word": hall_of_elsewhere.WORD})


class Echoed(Resource):
    word: pulumi.Output[str]


pulumi.export("here", hall_of_elsewhere.WORD)
pulumi.export("there", Echoed(Echo(), "it", {"word": None}).word)
pulumi.export("active", os.environ["VIRTUAL_ENV"])
"""


def made(root: Path, name: str, *, python: str = "") -> Path:
    """A virtual environment, as far as its packages go; gives their folder."""
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(root / name)}))
    if python:
        packages = packages.parent.with_name(python) / packages.name
    packages.mkdir(parents=True)
    return packages


def with_options(world: World, options: str) -> World:
    text = f"name: proj\nruntime: {{name: python, options: {{{options}}}}}\n"
    (world.folder / "Pulumi.yaml").write_text(text)
    world.project = load_project(world.folder)
    return world


def package(packages: Path, name: str, version: str) -> None:
    folder = packages / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_the_program_and_its_dynamic_providers_find_its_packages(world: World) -> None:
    packages = made(world.folder, "venv")
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "hall_of_elsewhere.py").write_text("WORD = 'found'\n")
    (packages / "editable.pth").write_text(f"{elsewhere}\n")
    package(packages, "pulumi", "3.0.0")
    package(packages, "grpcio", metadata.version("grpcio"))
    with_options(world, "virtualenv: venv, toolchain: pip, typechecker: none")
    (world.folder / "__main__.py").write_text(PROGRAM)
    path = list(sys.path)
    up(world.project, "dev", world.options)
    active = str(world.folder / "venv")
    assert world.outputs() == {"here": "found", "there": "found", "active": active}
    assert sys.path == path
    [said] = [text for text in world.said("warning") if text.startswith("virtualenv")]
    assert f"pulumi 3.0.0 (here {metadata.version('pulumi')})" in said
    assert "grpcio" not in said
    with_options(world, "toolchain: poetry")
    world.destroy()  # runs no program


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("virtualenv: nowhere", "virtualenv: .*nowhere: not there; make it"),
        ("virtualenv: state", "virtualenv: .*state: no virtual environment; make it"),
        (
            "virtualenv: old",
            r"virtualenv: .*old: is of python3\.4, .* or install the project's requirements beside",
        ),
        ("virtualenv: 7", r"runtime\.options\.virtualenv: 7: a text is expected"),
        ("toolchain: uv", r"virtualenv: .*\.venv: not there; make it \(uv sync\)"),
        ("toolchain: poetry", "toolchain: poetry: not supported by the embedded engine"),
        ("toolchain: conda", "toolchain: conda: must be one of pip, uv, poetry"),
        ("typechecker: mypy", "typechecker: mypy: not run by the embedded engine"),
        ("virtualen: venv", r"runtime\.options\.virtualen: .*: no such option"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_before_anything(world: World, options: str, said: str) -> None:
    (world.folder / "state").mkdir()
    made(world.folder, "old", python="python3.4")
    with_options(world, options)
    (world.folder / "__main__.py").write_text("raise AssertionError('it ran')")
    for operation in (preview, up):
        with pytest.raises(EngineError, match=said):
            operation(world.project, "dev", world.options)
    assert not list((world.folder / "state").iterdir())


def test_this_pythons_own_is_nothing_special(world: World) -> None:
    assert virtualenv_of(world.folder, {"virtualenv": sys.prefix}) is None
    assert virtualenv_of(world.folder, {"toolchain": "pip"}) is None


def test_uvs_lies_beside_the_lock(world: World) -> None:
    (world.folder / "uv.lock").touch()
    made(world.folder, ".venv")
    (world.folder / "stack").mkdir()
    found = virtualenv_of(world.folder / "stack", {"toolchain": "uv"})
    assert found is not None
    assert found.folder == world.folder / ".venv"


def test_one_process_has_one_virtual_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made(world.folder, "one")
    other = type(sys)("hall_of_another")
    other.__file__ = "/somewhere/venv/lib/python3.11/site-packages/hall_of_another.py"
    monkeypatch.setitem(sys.modules, "hall_of_another", other)
    with pytest.raises(EngineError, match=r"has run a program with another .*hall_of_another"):
        virtualenv_of(world.folder, {"virtualenv": "one"})
