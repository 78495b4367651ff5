"""Stash, resource references looked up in this run, and functions on other stacks."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from datahall.engine import EngineError, Op, ProviderFailed

from .conftest import World
from .programs import Thing


def test_a_stash_keeps_what_it_was_first_given(world: World) -> None:
    def program(value: pulumi.Input[object]) -> None:
        stash = pulumi.Stash("memory", input=value)
        pulumi.export("output", stash.output)
        pulumi.export("input", stash.input)

    world.up(lambda: program({"a": 1}))
    assert world.outputs() == {"output": {"a": 1}, "input": {"a": 1}}
    assert world.up(lambda: program([2])).summary[Op.UPDATE] == 1
    assert world.outputs() == {"output": {"a": 1}, "input": [2]}
    assert not world.up(lambda: program([2])).changed
    world.refresh(expect_no_changes=True)
    world.destroy()
    world.up(lambda: program([2]))
    assert world.outputs()["output"] == [2]


def test_a_stashed_secret_stays_one(world: World) -> None:
    world.up(lambda: pulumi.export("out", pulumi.Stash("m", input=pulumi.Output.secret("hunter2")).output))
    assert "hunter2" not in world.state_file.read_text()
    assert world.outputs() == {"out": "hunter2"}


def test_a_resource_of_this_run_is_found_by_its_urn(world: World) -> None:
    def program() -> None:
        thing = Thing("it", size=3)
        found = thing.urn.apply(
            lambda urn: pulumi.runtime.invoke_output("pulumi:pulumi:getResource", {"urn": urn})
        )
        pulumi.export("area", found.apply(lambda it: it["state"]["area"]))
        pulumi.export("same", pulumi.Output.all(found, thing.id).apply(lambda both: both[0]["id"] == both[1]))

    world.up(program)
    assert world.outputs() == {"area": 9, "same": True}


def test_a_resource_that_is_not_there_is_named(world: World) -> None:
    urn = "urn:pulumi:dev::proj::cloud:index:Thing::none"
    with pytest.raises(EngineError, match=f"{urn}: no resource that this run has registered"):
        world.up(lambda: pulumi.runtime.invoke("pulumi:pulumi:getResource", {"urn": urn}))


def test_resources_of_another_stack(world: World) -> None:
    world.up(lambda: Thing("it", size=4, password=pulumi.Output.secret("hunter2")))

    def program() -> None:
        read = pulumi.runtime.invoke_output(
            "pulumi:pulumi:readStackResourceOutputs", {"stackName": "organization/proj/dev"}
        )
        urn = "urn:pulumi:dev::proj::cloud:index:Thing::it"
        pulumi.export("area", read.apply(lambda found: found["outputs"][urn]["outputs"]["area"]))

    world.up(program)
    assert world.outputs() == {"area": 16}


class Odd(pulumi.CustomResource):
    def __init__(self, type_: str, **props: pulumi.Input[object]) -> None:
        super().__init__(type_, "odd", props)


@pytest.mark.parametrize(
    ("type_", "props", "word"),
    [
        ("pulumi:index:Stash", {"input": 1, "extra": 2}, "extra: unknown property"),
        ("pulumi:index:Stash", {}, "input: missing"),
        ("pulumi:pulumi:StackReference", {}, "name: missing"),
        ("pulumi:index:Nothing", {}, "pulumi:index:Nothing: no built-in resource"),
    ],
)
def test_what_a_built_in_type_does_not_have_is_refused(
    world: World, type_: str, props: dict[str, Any], word: str
) -> None:
    with pytest.raises(ProviderFailed, match=word):
        world.up(lambda: Odd(type_, **props))


def test_a_reference_registered_as_a_resource(world: World) -> None:
    """As SDKs of old did."""
    world.up(lambda: pulumi.export("answer", 42))
    world.up(lambda: (pulumi.export("answer", 42), Odd("pulumi:pulumi:StackReference", name="dev")))
    assert world.resources()["odd"].outputs["outputs"] == {"answer": 42}


def test_a_replaced_stash_keeps_the_new_value(world: World) -> None:
    def program(value: str) -> None:
        kept = pulumi.Stash("kept", pulumi.ResourceOptions(replace_on_changes=["input"]), input=value)
        pulumi.export("kept", kept.output)

    world.up(lambda: program("a"))
    assert world.up(lambda: program("b")).summary[Op.REPLACE] == 1
    assert world.outputs() == {"kept": "b"}


def test_a_stash_of_what_a_preview_does_not_know(world: World) -> None:
    def program() -> None:
        pulumi.export("kept", pulumi.Stash("kept", input=Thing("it", size=3).serial).output)

    assert world.preview(program).summary == {Op.CREATE: 3}
    world.up(program)
    assert world.outputs()["kept"] == world.resources()["it"].outputs["serial"]
