"""One state with the official CLI: it lists, previews without changes, takes over, and back.

Runs where a `pulumi` and its Python language host lie on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datahall.engine import Op

from .conftest import PASSPHRASE, PLUGINS, World

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
import pulumi
from engine.programs import House, Provider, Thing

parts = {{"a/b.txt": pulumi.StringAsset("b"), "sub": pulumi.FileArchive("{folder}/d")}}
parts["f"] = pulumi.FileAsset("{folder}/f")
Thing("blob", text=pulumi.StringAsset("text"), parts=pulumi.AssetArchive(parts))
hooks = pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("made", lambda _: None)])
hooked = pulumi.ResourceOptions(hooks=hooks)
first = Thing("first", size={size}, password=pulumi.Output.secret("hunter2"), opts=hooked)
Thing("second", size=first.area, note=first.serial)
Thing("third", opts=pulumi.ResourceOptions(provider=Provider("mine", "east"), protect=False))
pulumi.export("area", House("home", 3).area)
pulumi.export("password", first.password)
pulumi.StackReference("self", "organization/proj/dev") if {refer} else None
"""

pytestmark = pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no official pulumi with its Python language host on PATH",
)


def write(world: World, size: int, *, refer: bool = False) -> None:
    tests = str(Path(__file__).parent.parent)
    nested = world.folder / "d" / ("n" * 60) / ("m" * 60)
    nested.mkdir(parents=True, exist_ok=True)
    (nested / "deep.txt").write_text("deep")
    (world.folder / "f").write_bytes(bytes(range(256)) * 3)
    (world.folder / "__main__.py").write_text(
        PROGRAM.format(tests=tests, size=size, refer=refer, folder=world.folder)
    )


def pulumi(world: World, *arguments: str) -> str:
    home = world.folder / "home"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        "PATH": path,
        "HOME": str(home),
        "PULUMI_HOME": str(home / ".pulumi"),
        "PULUMI_BACKEND_URL": f"file://{world.backend}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        **world.options.environment,
    }
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=world.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_official_cli_takes_over_and_back(own_world: World) -> None:
    world = own_world
    with world.project.config_file("dev").open("a") as file:
        file.write("config:\n  cloud:region: here\n")
    write(world, 2)
    run = {"program": None, "config": None}

    assert world.up(**run).summary == {Op.CREATE: 9}  # type: ignore[arg-type]  # the project's own program
    assert "dev" in pulumi(world, "stack", "ls")
    pulumi(world, "preview", "-s", "dev", "--expect-no-changes")
    assert "hunter2" in pulumi(world, "stack", "output", "-s", "dev", "--json", "--show-secrets")

    write(world, 5)
    pulumi(world, "up", "-s", "dev", "--yes", "--skip-preview")
    assert world.inventory()["second"]["size"] == 25
    assert not world.up(**run).changed  # type: ignore[arg-type]
    assert world.outputs() == {"area": 9, "password": "hunter2"}

    world.tamper("second", size=3)
    assert world.refresh(config=None).summary[Op.REFRESH] == 1
    pulumi(world, "refresh", "-s", "dev", "--yes", "--skip-preview", "--expect-no-changes")
    assert not world.refresh(config=None).changed
    pulumi(world, "up", "-s", "dev", "--yes", "--skip-preview")
    assert world.inventory()["second"]["size"] == 25

    write(world, 6, refer=True)
    assert world.up(**run).summary[Op.UPDATE] == 2  # type: ignore[arg-type]
    pulumi(world, "preview", "-s", "dev", "--expect-no-changes")
    pulumi(world, "destroy", "-s", "dev", "--yes", "--skip-preview")
    assert world.count() == 0
    write(world, 6)
    assert world.up(**run).summary == {Op.CREATE: 9}  # type: ignore[arg-type]
