"""Failures: of providers, of the program, of files; the state stays true."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from datahall import engine
from datahall.engine import (
    BrokenState,
    EngineError,
    InvalidProject,
    Op,
    ProgramFailed,
    ProviderFailed,
    ResourceFailed,
)

from .conftest import World
from .programs import Thing
from .validity import latest


def test_a_refusal_stops_the_run_and_keeps_what_was_made(world: World) -> None:
    def program(refuse: str = "create") -> None:
        first = Thing("first")
        second = Thing("second", note=first.serial, refuse=refuse)
        Thing("third", note=second.serial)

    with pytest.raises(ProviderFailed, match=r"::second: the cloud refuses to create"):
        world.up(program)
    assert sorted(world.inventory()) == ["first"]
    assert sorted(world.resources()) == ["default_1_2_3", "first", "proj-dev"]
    assert "pending_operations" not in world.checkpoint()
    failed = [e for e in world.events if isinstance(e, ResourceFailed)]
    assert [e.urn.rpartition("::")[2] for e in failed] == ["second"]
    world.up(lambda: program(""))
    assert world.count() == 3


def test_check_failures_name_property_and_reason(world: World) -> None:
    with pytest.raises(ProviderFailed, match="::it: size: must not be negative"):
        world.preview(lambda: Thing("it", size=-1))


def test_a_resource_that_did_not_become_ready_is_kept_and_continued(world: World) -> None:
    with pytest.raises(ProviderFailed, match="it never woke up"):
        world.up(lambda: Thing("it", unready=True))
    assert world.count() == 1
    assert world.resources()["it"].init_errors == ("it never woke up",)
    result = world.up(lambda: Thing("it", unready=True))
    assert result.summary[Op.UPDATE] == 1
    assert world.resources()["it"].init_errors == ()
    assert world.count() == 1


def test_a_plugin_that_dies_is_named_with_its_last_words(own_world: World) -> None:
    with pytest.raises(ProviderFailed, match=r"(?s)provider cloud died during Create.*out of luck"):
        own_world.up(lambda: Thing("it", die="create"))
    pending = own_world.checkpoint()["pending_operations"]
    assert [(p["type"], p["resource"]["urn"].rpartition("::")[2]) for p in pending] == [("creating", "it")]
    own_world.up(lambda: Thing("it"))  # it cannot be adopted, as it kills its provider again
    assert any("interrupted" in text for text in own_world.said("warning"))
    assert own_world.checkpoint()["pending_operations"][0]["resource"]["delete"]
    own_world.up(lambda: Thing("it"))
    assert any("look whether it is there" in text for text in own_world.said("warning"))
    assert "pending_operations" not in own_world.checkpoint()


def test_a_stack_that_may_have_left_something_is_not_removed(own_world: World) -> None:
    with pytest.raises(ProviderFailed, match="died during Create"):
        own_world.up(lambda: Thing("it", die="create"))
    own_world.destroy()
    with pytest.raises(InvalidProject, match="::it: an interrupted operation may have left it; destroy"):
        engine.remove_stack(own_world.project, "dev", own_world.options)
    own_world.destroy()  # asked twice, it is no use
    engine.remove_stack(own_world.project, "dev", own_world.options)


def test_a_failed_delete_keeps_the_resource(world: World) -> None:
    world.up(lambda: [Thing("stuck", refuse="delete"), Thing("free")])
    with pytest.raises(ProviderFailed, match="refuses to delete"):
        world.destroy()
    assert "stuck" in world.resources()
    world.up(lambda: Thing("stuck"))
    world.destroy()
    assert world.count() == 0


def test_a_replaced_resource_whose_delete_failed_is_deleted_by_the_next_run(world: World) -> None:
    world.up(lambda: Thing("it", kind="oak", refuse="delete"))
    with pytest.raises(ProviderFailed):
        world.up(lambda: Thing("it", kind="pine"))
    assert [r["urn"].rpartition("::")[2] for r in world.checkpoint()["resources"] if r.get("delete")] == [
        "it"
    ]
    assert world.count() == 2


def test_a_program_error_tells_where_and_keeps_what_was_made(world: World) -> None:
    def program() -> None:
        Thing("early")
        raise KeyError("late")

    with pytest.raises(ProgramFailed) as caught:
        world.up(program)
    text = str(caught.value)
    assert "KeyError: 'late'" in text
    assert "test_faults.py" in text
    assert "run_in_stack" not in text
    assert not caught.value.run_error
    assert sorted(world.inventory()) == ["early"]
    assert "early" in world.resources()


def test_a_run_error_prints_only_its_message(world: World) -> None:
    def program() -> None:
        raise pulumi.RunError("size: 9: at most 8; use less")

    with pytest.raises(ProgramFailed) as caught:
        world.preview(program)
    assert str(caught.value) == "size: 9: at most 8; use less"
    assert caught.value.run_error


def test_a_failed_program_deletes_nothing(world: World) -> None:
    world.up(lambda: Thing("kept"))

    def program() -> None:
        raise pulumi.RunError("no")

    with pytest.raises(ProgramFailed):
        world.up(program)
    assert world.count() == 1
    assert "kept" in world.resources()


def test_an_error_in_an_apply_is_told(world: World) -> None:
    def fail(_: str) -> None:
        raise ValueError("inside an apply")

    with pytest.raises(ProgramFailed, match="inside an apply"):
        world.up(lambda: pulumi.export("x", Thing("it").serial.apply(fail)))


def test_logged_errors_fail_the_run(world: World) -> None:
    with pytest.raises(ProgramFailed, match="logged 1 error"):
        world.up(lambda: pulumi.log.error("something is off"))


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda text: text[: len(text) // 2], "not valid JSON"),
        (lambda text: "\x00\x01" + text, "not valid JSON"),
        (lambda text: text.replace('"version":3', '"version":9'), "version 9"),
        (lambda text: text.replace('"version":"datahall"', '"version":"other"'), "magic"),
        (lambda _: "[]", "no checkpoint"),
    ],
)
def test_a_damaged_state_is_named_and_never_used(
    world: World, damage: Callable[[str], str], word: str
) -> None:
    world.up(lambda: Thing("it"))
    world.up(lambda: Thing("it", size=2))
    world.state_file.write_text(damage(world.state_file.read_text()))
    before = world.state_file.read_bytes()
    for operation in (lambda: world.up(lambda: None), world.destroy, world.outputs):
        with pytest.raises(BrokenState, match=word) as caught:
            operation()
        assert str(world.state_file) in str(caught.value)
        offered = re.search(r"cp '(.+)' '(.+)'", str(caught.value))
        assert offered is not None
        assert offered[2] == str(world.state_file)
        latest(Path(offered[1]).read_bytes())  # raises unless it is good itself
    assert world.state_file.read_bytes() == before
    assert world.count() == 1


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda r: r.reverse(), "does not stand before it"),
        (lambda r: r.append(dict(r[-1])), "recorded twice"),
        (lambda r: r.pop(0), "parent"),
        (lambda r: r[-1].pop("urn"), "no urn"),
        (lambda r: r[-1].update(provider="urn:pulumi:a::b::c::d::e"), "provider"),
    ],
)
def test_an_inconsistent_state_is_refused(
    world: World, damage: Callable[[list[dict[str, Any]]], None], word: str
) -> None:
    world.up(lambda: Thing("it"))
    data = json.loads(world.state_file.read_text())
    damage(data["checkpoint"]["latest"]["resources"])
    data.pop("sha256")  # edited by hand, so that no checksum vouches for it
    world.state_file.write_text(json.dumps(data))
    with pytest.raises(BrokenState, match=word):
        world.up(lambda: None)
    assert world.count() == 1


def test_an_interrupt_ends_what_runs_begins_nothing_more_and_keeps_the_state(world: World) -> None:
    begun: list[str] = []

    def program() -> None:
        for number in range(6):
            Thing(f"t{number}", slow=2)

    def interrupt(event: engine.Event) -> None:
        if isinstance(event, engine.ResourceStarted) and event.name.startswith("t"):
            begun.append(event.name)
            if len(begun) == 2:  # to the process, as a terminal does: it wakes the main thread
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        world.up(program, parallel=2, on_event=interrupt)
    made = {name for name in world.resources() if name.startswith("t")}
    assert made == set(world.inventory())
    assert len(made) == 2
    assert "pending_operations" not in world.checkpoint()


def test_one_failing_default_provider_is_told_once_for_all_that_need_it(world: World) -> None:
    def program() -> None:
        for number in range(6):
            Thing(f"t{number}")

    with pytest.raises(ProviderFailed, match="atlantis has sunk"):
        world.up(program, config={"cloud:region": "atlantis"})


@pytest.mark.parametrize(
    ("file", "text", "word"),
    [
        ("Pulumi.yaml", "name: proj\nruntime: nodejs\n", "runtime: nodejs"),
        ("Pulumi.yaml", "name: pr oj\nruntime: python\n", "name: 'pr oj'"),
        ("Pulumi.yaml", "name: [\n", "line 2: not valid YAML"),
        (
            "Pulumi.yaml",
            "name: proj\nruntime: python\nplugins: {providers: [{name: x, path: y}]}\n",
            "plugins",
        ),
        ("Pulumi.dev.yaml", "config: [1]\n", "config: .*a mapping"),
        ("Pulumi.dev.yaml", "config:\n  pulumi:autonaming: {mode: loud}\n", "pulumi:autonaming.mode"),
        ("Pulumi.dev.yaml", "config:\n  pulumi:tags: {a: b}\n", "pulumi:tags"),
        ("Pulumi.dev.yaml", "environment: [x]\n", "environment"),
        ("Pulumi.dev.yaml", "encryptionsalt: nonsense\n", "encryptionsalt"),
    ],
)
def test_bad_project_files_are_told_by_field(world: World, file: str, text: str, word: str) -> None:
    (world.folder / file).write_text(text)
    with pytest.raises(EngineError, match=word):
        engine.up(
            engine.load_project(world.folder),
            "dev",
            replace(world.options, program=lambda: None, config=None),
        )
    assert not world.state_file.exists()


def test_a_stack_name_stays_a_name(world: World) -> None:
    with pytest.raises(EngineError, match=r"stack: '../x'"):
        engine.read_stack(world.project, "../x", world.options)
