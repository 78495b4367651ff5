"""Transforms of resources, their children, the stack and functions."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import CancelledError
from typing import Any

import grpc.aio
import pulumi
import pytest
from pulumi import ResourceOptions, ResourceTransformArgs, ResourceTransformResult
from pulumi.runtime.proto import callback_pb2

from datahall.engine import ProgramFailed, ProviderFailed
from datahall.engine.functions import Functions

from .conftest import World
from .programs import House, Provider, Thing


def noting(word: str) -> pulumi.ResourceTransform:
    """A transform that adds a word to the note of each thing."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if args.type_ != "cloud:index:Thing":
            return None
        note = args.props.get("note", "")
        return ResourceTransformResult({**args.props, "note": f"{note} {word}".strip()}, args.opts)

    return transform


def test_own_then_parents_then_the_stacks(world: World) -> None:
    def program() -> None:
        pulumi.runtime.register_resource_transform(noting("stack"))
        house = House("home", opts=ResourceOptions(transforms=[noting("house")]))
        Thing("it", opts=ResourceOptions(parent=house, transforms=[noting("first"), noting("second")]))

    world.up(program)
    assert world.inventory()["it"]["note"] == "first second house stack"
    assert world.inventory()["home-roof"]["note"] == "house stack"
    assert not world.up(program).changed


def test_options_can_be_changed(world: World) -> None:
    def program(protect: bool) -> None:
        mine = Provider("mine", "east")
        base = Thing("base")

        def transform(args: ResourceTransformArgs) -> ResourceTransformResult:
            options = ResourceOptions(
                protect=protect,
                provider=mine,
                depends_on=[base],
                ignore_changes=["note"],
                replace_on_changes=["size"],
                additional_secret_outputs=["area"],
                aliases=[pulumi.Alias(name="earlier")],
                delete_before_replace=True,
                retain_on_delete=True,
                version="1.2.3",
                custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            )
            return ResourceTransformResult(args.props, ResourceOptions.merge(args.opts, options))

        Thing("it", size=2, opts=ResourceOptions(transforms=[transform]))

    world.up(lambda: program(True))
    it = world.resources()["it"]
    assert (it.protect, it.retain_on_delete) == (True, True)
    assert it.provider.startswith("urn:pulumi:dev::proj::pulumi:providers:cloud::mine::")
    assert it.dependencies == ("urn:pulumi:dev::proj::cloud:index:Thing::base",)
    assert (it.ignore_changes, it.replace_on_changes) == (("note",), ("size",))
    assert it.additional_secret_outputs == ("area",)
    assert it.custom_timeouts == {"create": 300}
    world.up(lambda: program(False))
    assert not world.resources()["it"].protect


def test_an_earlier_name_given_by_a_transform_is_found(world: World) -> None:
    def alias(args: ResourceTransformArgs) -> ResourceTransformResult:
        named = ResourceOptions(aliases=[pulumi.Alias(name="before")])
        return ResourceTransformResult(args.props, ResourceOptions.merge(args.opts, named))

    world.up(lambda: Thing("before"))
    assert not world.up(lambda: Thing("after", opts=ResourceOptions(transforms=[alias]))).changed


def test_what_an_input_depends_on_is_kept(world: World) -> None:
    def look(args: ResourceTransformArgs) -> None:
        """It changes nothing."""

    def program() -> None:
        base = Thing("base", password=pulumi.Output.secret("hunter2"))
        opts = ResourceOptions(transforms=[look])
        Thing("it", note=base.serial, password=pulumi.Output.secret("x"), opts=opts)

    world.up(program)
    base = "urn:pulumi:dev::proj::cloud:index:Thing::base"
    assert world.resources()["it"].property_dependencies["note"] == (base,)
    assert "hunter2" not in world.state_file.read_text()
    assert world.preview(program).changed is False


def test_a_transform_may_wait_and_sees_no_unknown_as_known(world: World) -> None:
    seen: list[Any] = []

    async def transform(args: ResourceTransformArgs) -> ResourceTransformResult:
        seen.append(await pulumi.Output.from_input(args.props["note"]).is_known())
        return ResourceTransformResult({**args.props, "size": 3}, args.opts)

    def program() -> None:
        base = Thing("base")
        Thing("it", note=base.serial, opts=ResourceOptions(transforms=[transform]))

    world.preview(program)
    world.up(program)
    assert seen == [False, True]
    assert world.inventory()["it"]["size"] == 3


def test_functions_are_transformed(world: World) -> None:
    def louder(args: pulumi.InvokeTransformArgs) -> pulumi.InvokeTransformResult:
        return pulumi.InvokeTransformResult({**args.args, "word": f"{args.args['word']}!"}, args.opts)

    def program() -> None:
        pulumi.runtime.register_invoke_transform(louder)
        said = pulumi.runtime.invoke_output("cloud:index:say", {"word": "hello"})
        pulumi.export("said", said.apply(lambda found: found["said"]))

    world.up(program)
    assert world.outputs() == {"said": "HELLO!"}


def test_a_transform_that_raises_ends_the_update(world: World) -> None:
    def broken(args: ResourceTransformArgs) -> None:
        raise ValueError("out of luck")

    with pytest.raises(ProgramFailed, match=r"Thing 'it': transform: .*out of luck"):
        world.up(lambda: Thing("it", opts=ResourceOptions(transforms=[broken])))
    assert world.count() == 0


def test_functions_need_no_server_of_their_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC's asyncio server, stopped while it starts or answers, has crashed the process."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a server")

    monkeypatch.setattr(grpc.aio, "server", refused)

    def program() -> None:
        pulumi.runtime.register_resource_transform(noting("stack"))
        Thing("it", opts=ResourceOptions(transforms=[noting("own")]))
        Thing("bad", size=-1)

    with pytest.raises(ProviderFailed, match="must not be negative"):
        world.up(program)


def test_a_function_that_is_asked_after_the_end_is_told_so() -> None:
    loop = asyncio.new_event_loop()
    functions = contextvars.copy_context().run(Functions, None, loop)
    functions.close()
    with pytest.raises(CancelledError):
        functions.call(callback_pb2.CallbackInvokeRequest(token="any"))
    loop.close()
    functions = contextvars.copy_context().run(Functions, None, loop)
    with pytest.raises(CancelledError):
        functions.call(callback_pb2.CallbackInvokeRequest(token="any"))
