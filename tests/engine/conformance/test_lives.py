"""Each life with our engine, and what the official one was recorded to do (`record.py`).

`test_conformance.py` runs both, where there is an official CLI.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datahall import engine
from datahall.engine import EngineError, PluginPool
from datahall.engine.plugins import PluginProcess

from ..conftest import World
from .lives import CONFIG, CONFIGS, HEAD
from .record import file_of
from .step import Json, Step, compared, observed, out_of_order, steps_of, tamper
from .themes import ALL

FLAGS = {
    "--target": "target",
    "--exclude": "exclude",
    "--replace": "replace",
    "--target-dependents": "target_dependents",
    "--exclude-dependents": "exclude_dependents",
    "--exclude-protected": "exclude_protected",
    "--continue-on-error": "continue_on_error",
    "--refresh": "refresh",
}
VERBS = {"up": engine.up, "refresh": engine.refresh, "destroy": engine.destroy}


def options_of(flags: tuple[str, ...]) -> dict[str, Json]:
    """The engine's options for a command's flags."""
    found: dict[str, Json] = {}
    words = iter(flags)
    for flag in words:
        if flag in ("--target", "--exclude", "--replace"):
            found.setdefault(FLAGS[flag], []).append(next(words))
        else:
            found[FLAGS[flag]] = True
    return found


def live(world: World, step: Step) -> dict[str, Json]:
    """A step of a life in this process, and what is seen after it."""
    stack_file = world.folder / f"Pulumi.{step.stack}.yaml"
    if not stack_file.exists():
        stack_file.write_text(CONFIG.partition("config:")[0])
    (world.folder / "__main__.py").write_text(HEAD + step.program)
    tamper(world.cloud, step)
    (world.cloud / "calls.jsonl").unlink(missing_ok=True)
    code = 0
    try:
        VERBS[step.verb](world.project, step.stack, replace(world.options, **options_of(step.flags)))
    except EngineError:
        code = 1
    exported = engine.export_stack(world.project, step.stack, world.options, show_secrets=True)
    return observed(code, world.folder, exported["deployment"], step.stack)


@pytest.fixture(scope="module")
def kept() -> Iterator[PluginPool]:
    """Plugins that all lives use, one after another."""
    with PluginPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, as a plugin is kept for its folder."""
    return tmp_path_factory.mktemp("lives")


@pytest.fixture
def whole(
    folder: Path, kept: PluginPool, parts_plugin: PluginProcess, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A world with a project of its own, whose providers have a process each."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    cloud = folder / "cloud"
    cloud.mkdir()
    monkeypatch.setenv("CLOUD_FOLDER", str(cloud))
    world = World(folder, "", {"parts": parts_plugin.port}, cloud)
    world.options = replace(world.options, config=None, pool=kept)
    return world


@pytest.mark.parametrize("life", ALL)
def test_a_life_is_as_the_official_engine_lived_it(life: str, whole: World) -> None:
    (whole.folder / "Pulumi.dev.yaml").write_text(CONFIG + CONFIGS.get(life, ""))
    states: dict[str, dict[str, Json]] = {}
    recorded = json.loads(file_of(life).read_text())
    found: list[str] = []
    for (name, step), theirs in zip(steps_of(ALL[life]), recorded, strict=True):
        assert name == theirs.pop("step")
        known = {**states.get(step.stack, {}), **theirs["state"]}
        before = states.get(step.stack, {})
        states[step.stack] = {urn: data for urn, data in known.items() if data is not None}
        ours = live(whole, step)
        found += compared(name, step, {**theirs, "state": states[step.stack]}, ours)
        found += [f"{name}: {text}" for text in out_of_order(whole.folder, {**before, **ours["state"]})]
    if found:
        pytest.fail("\n".join(found))
