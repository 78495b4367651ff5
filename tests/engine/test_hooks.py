"""Hooks around steps, and error hooks, as programs use them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import pulumi
import pytest
from pulumi import (
    ErrorHook,
    ErrorHookArgs,
    ResourceHook,
    ResourceHookArgs,
    ResourceHookBinding,
    ResourceHookOptions,
    ResourceOptions,
)

from datahall import engine
from datahall.engine import EngineError, ProgramFailed

from .conftest import World
from .programs import House, Thing

Called = list[tuple[str, ResourceHookArgs]]
KINDS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete")


def noting(called: Called, options: ResourceHookOptions | None = None) -> ResourceHookBinding:
    """A hook of each kind that notes its call."""

    def hook(kind: str) -> ResourceHook:
        async def note(args: ResourceHookArgs) -> None:
            called.append((kind, args))

        return ResourceHook(kind, note, options)

    given: dict[str, Any] = {kind: [hook(kind)] for kind in KINDS}
    return ResourceHookBinding(**given)


def failing(name: str, options: ResourceHookOptions | None = None) -> ResourceHook:
    def fail(_: ResourceHookArgs) -> None:
        raise ValueError("no way")

    return ResourceHook(name, fail, options)


def thing(binding: ResourceHookBinding, name: str = "it", **props: pulumi.Input[Any]) -> Thing:
    return Thing(name, opts=ResourceOptions(hooks=binding), **props)


def hooked(kind: str, hook: ResourceHook | ErrorHook) -> ResourceHookBinding:
    given: dict[str, Any] = {kind: [hook]}
    return ResourceHookBinding(**given)


def test_a_life(world: World) -> None:
    called: Called = []
    world.up(lambda: thing(noting(called), size=2, kind="a"))
    [(_, before), (_, after)] = called
    assert [kind for kind, _ in called] == ["before_create", "after_create"]
    assert before.new_inputs is not None
    assert before.new_inputs["size"] == 2
    assert (before.id, before.name, before.type) == ("", "it", "cloud:index:Thing")
    assert after.id == world.resources()["it"].id
    assert after.new_outputs is not None
    assert after.new_outputs["area"] == 4
    called.clear()

    assert not world.up(lambda: thing(noting(called), size=2, kind="a")).changed
    assert called == []

    world.up(lambda: thing(noting(called), size=3, kind="a"))
    assert [kind for kind, _ in called] == ["before_update", "after_update"]
    after = called[1][1]
    assert after.old_inputs is not None
    assert after.old_inputs["size"] == 2
    assert after.old_outputs is not None
    assert after.old_outputs["area"] == 4
    assert after.new_outputs is not None
    assert after.new_outputs["area"] == 9
    called.clear()

    world.up(lambda: thing(noting(called), size=3, kind="b"))
    assert [kind for kind, _ in called] == ["before_create", "after_create", "before_delete", "after_delete"]
    called.clear()

    world.up(lambda: thing(noting(called), size=3, kind="b", plot="b"))
    assert [kind for kind, _ in called] == ["before_delete", "after_delete", "before_create", "after_create"]
    called.clear()

    def gone() -> None:
        thing(noting(called), name="other")

    world.up(gone)
    assert [kind for kind, args in called if args.name == "it"] == ["before_delete", "after_delete"]
    assert list(world.inventory()) == ["other"]


def test_a_component_is_done_when_its_outputs_are(world: World) -> None:
    order: list[str] = []

    def program() -> None:
        def note(args: ResourceHookArgs) -> None:
            order.append(args.name)
            if args.name == "home":
                assert args.new_outputs == {"area": 4}

        def begin(_: ResourceHookArgs) -> None:
            order.append("begin")

        hook = ResourceHook("note", note)

        def bind(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
            binding = ResourceHookBinding(after_create=[hook])
            if args.name == "home":
                binding = ResourceHookBinding(
                    before_create=[ResourceHook("begin", begin)], after_create=[hook]
                )
            options = ResourceOptions.merge(args.opts, ResourceOptions(hooks=binding))
            return pulumi.ResourceTransformResult(args.props, options)

        House("home", opts=ResourceOptions(transforms=[bind]))

    world.up(program)
    assert order[0] == "begin"
    assert set(order[1:]) == {"home", "home-base", "home-roof"}
    assert order.index("home") > order.index("home-base")


def test_a_before_hook_that_fails_fails_the_step(world: World) -> None:
    with pytest.raises(EngineError, match='before hook "guard" failed: no way'):
        world.up(lambda: thing(hooked("before_create", failing("guard"))))
    assert world.count() == 0
    assert "it" not in world.resources()
    assert "pending_operations" not in world.checkpoint()


def test_an_after_hook_that_fails_undoes_nothing(world: World) -> None:
    with pytest.raises(EngineError, match='after hook "guard" failed: no way'):
        world.up(lambda: thing(hooked("after_create", failing("guard"))))
    assert world.count() == 1
    assert world.resources()["it"].id == world.thing("it").stem
    assert any("no way" in text for text in world.said("error"))
    assert not world.up(lambda: thing(hooked("after_create", failing("guard")))).changed


def test_deletes_obey_their_hooks(world: World) -> None:
    world.up(lambda: thing(hooked("before_delete", failing("guard"))))
    with pytest.raises(EngineError, match='before hook "guard" failed'):
        world.up(lambda: failing("guard"))
    assert list(world.inventory()) == ["it"]
    world.up(lambda: thing(hooked("after_delete", failing("guard"))))
    with pytest.raises(EngineError, match='after hook "guard" failed'):
        world.up(lambda: failing("guard"))
    assert world.count() == 0
    assert "it" not in world.resources()


def test_an_error_can_be_ignored(world: World) -> None:
    hook = ResourceHookOptions(ignore_errors=True)
    world.up(lambda: thing(hooked("before_create", failing("guard", hook))))
    assert world.count() == 1
    assert any('before hook "guard" failed: no way' in text for text in world.said("warning"))


@pytest.mark.parametrize("on_dry_run", [False, True])
def test_in_a_preview_only_what_says_so(world: World, on_dry_run: bool) -> None:
    called: Called = []
    options = ResourceHookOptions(on_dry_run=on_dry_run)
    world.preview(lambda: thing(noting(called, options)))
    assert [kind for kind, _ in called] == (["before_create", "after_create"] if on_dry_run else [])
    assert world.count() == 0


def test_a_hook_that_is_not_registered(world: World) -> None:
    world.up(lambda: thing(hooked("before_delete", failing("guard"))))
    with pytest.raises(EngineError, match='hook "guard" was not registered'):
        world.up(lambda: None)
    with pytest.raises(EngineError, match=r'hook "guard" was not registered.*destroy runs no program'):
        world.destroy()
    assert world.count() == 1
    world.up(lambda: Thing("it"))
    world.destroy()
    assert world.count() == 0


def test_a_name_is_taken_once(world: World) -> None:
    def program() -> None:
        failing("guard")
        ErrorHook("guard", lambda _: False)

    with pytest.raises(ProgramFailed, match='hook "guard": already registered'):
        world.up(program)


def retrying(asked: list[list[str]], most: int) -> ErrorHook:
    """An error hook that asks for another try until there are so many failures."""

    def again(args: ErrorHookArgs) -> bool:
        asked.append([args.failed_operation, *args.errors])
        return len(args.errors) < most

    return ErrorHook("again", again)


def test_retries_until_the_hook_has_enough(world: World) -> None:
    asked: list[list[str]] = []
    with pytest.raises(EngineError, match="the cloud refuses to create"):
        world.up(lambda: thing(hooked("on_error", retrying(asked, 3)), refuse="create"))
    assert [len(errors) - 1 for errors in asked] == [1, 2, 3]
    assert {errors[0] for errors in asked} == {"create"}
    assert [text for text in world.said("warning") if text.startswith("retrying create")] == [
        "retrying create due to on-error hook request (1/100)",
        "retrying create due to on-error hook request (2/100)",
    ]
    assert "pending_operations" not in world.checkpoint()


def test_no_more_than_a_hundred_failures(world: World) -> None:
    asked: list[list[str]] = []
    with pytest.raises(EngineError, match="the cloud refuses to create"):
        world.up(lambda: thing(hooked("on_error", retrying(asked, 1000)), refuse="create"))
    assert len(asked) == 99
    assert any("maximum number of error hook retries (100) reached" in s for s in world.said("warning"))


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_updates_and_deletes_are_tried_again(world: World, operation: str) -> None:
    asked: list[list[str]] = []

    def program(there: bool, size: int) -> None:
        hook = retrying(asked, 2)
        if there:
            thing(hooked("on_error", hook), size=size, refuse=operation)

    world.up(lambda: program(True, 1))
    with pytest.raises(EngineError, match=f"the cloud refuses to {operation}"):
        world.up(lambda: program(operation == "update", 2))
    assert [errors[0] for errors in asked] == [operation, operation]
    assert world.count() == 1


def test_a_try_that_succeeds_is_the_end_of_it(world: World) -> None:
    mended: list[str] = []

    def mend(args: ErrorHookArgs) -> bool:
        mended.append(args.failed_operation)
        file.write_text(content)
        return True

    def program(there: bool) -> None:
        hook = ErrorHook("mend", mend)
        if there:
            thing(hooked("on_error", hook))

    world.up(lambda: program(True))
    file = world.thing("it")
    content = file.read_text()
    file.unlink()  # which makes Delete fail
    world.up(lambda: program(False))
    assert (mended, world.count()) == (["delete"], 0)
    assert "it" not in world.resources()


def test_an_error_hook_that_fails(world: World) -> None:
    def fail(_: ErrorHookArgs) -> bool:
        raise ValueError("no idea")

    with pytest.raises(EngineError, match='error hook "ask" failed: no idea'):
        world.up(lambda: thing(hooked("on_error", ErrorHook("ask", fail)), refuse="create"))
    assert "pending_operations" not in world.checkpoint()


def test_secrets_stay_secret_outputs(world: World) -> None:
    seen: list[Any] = []

    def note(args: ResourceHookArgs) -> None:
        assert args.new_inputs is not None
        seen.append(args.new_inputs["note"])

    world.up(
        lambda: thing(hooked("before_create", ResourceHook("note", note)), note=pulumi.Output.secret("hush"))
    )
    assert isinstance(seen[0], pulumi.Output)
    assert "hush" not in world.state_file.read_text()


def test_the_state_names_them_and_says_so(world: World) -> None:
    world.up(lambda: thing(hooked("before_delete", failing("guard"))))
    whole = json.loads(world.state_file.read_text())
    assert (whole["version"], whole["features"]) == (4, ["hooks"])
    [it] = [r for r in world.checkpoint()["resources"] if r["urn"].endswith("::it")]
    assert it["resourceHooks"] == {"BeforeDelete": ["guard"]}
    exported = engine.export_stack(world.project, "dev", world.options)
    assert (exported["version"], exported["features"]) == (4, ["hooks"])
    world.up(lambda: Thing("it"))
    whole = json.loads(world.state_file.read_text())
    assert whole["version"] == 3
    assert "features" not in whole


def test_a_feature_of_the_state_that_is_not_known_is_refused(world: World) -> None:
    world.up(lambda: Thing("it"))
    whole = json.loads(world.state_file.read_text())
    del whole["sha256"]
    world.state_file.write_text(json.dumps({**whole, "version": 4, "features": ["hooks", "tomorrow"]}))
    with pytest.raises(engine.BrokenState, match="features tomorrow, which this engine does not know"):
        world.destroy()


@pytest.mark.parametrize("raises", [pulumi.RunError("no"), ValueError("no")])
def test_a_program_that_fails_deletes_nothing(world: World, raises: Exception) -> None:
    called: Called = []
    world.up(lambda: thing(noting(called)))
    called.clear()

    def program() -> None:
        noting(called)
        raise raises

    with pytest.raises(ProgramFailed):
        world.up(program)
    assert (called, world.count()) == ([], 1)


def hanging(name: str, interrupts: int) -> ResourceHook:
    """A hook that has the process interrupted so often, and then never ends."""

    async def hang(_: ResourceHookArgs) -> None:
        for _number in range(interrupts):
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    return ResourceHook(name, hang)


def test_an_interrupt_in_a_hook_of_the_program(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.up(lambda: thing(hooked("before_create", hanging("hang", 1))))
    assert world.count() == 0
    assert "pending_operations" not in world.checkpoint()


def test_two_interrupts_end_a_hook_of_a_delete(world: World) -> None:
    world.up(lambda: thing(hooked("before_delete", hanging("hang", 2))))
    with pytest.raises(KeyboardInterrupt):
        world.up(lambda: hanging("hang", 2))
    assert list(world.inventory()) == ["it"]
    assert "it" in world.resources()


def test_a_failed_hook_does_not_stop_what_goes_on_after_errors(world: World) -> None:
    def program() -> None:
        thing(hooked("before_create", failing("guard")))
        Thing("free")

    with pytest.raises(EngineError, match='before hook "guard" failed'):
        world.up(program, continue_on_error=True)
    assert list(world.inventory()) == ["free"]
