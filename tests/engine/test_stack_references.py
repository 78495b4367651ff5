"""Stack references: outputs of another stack of the same backend."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

from datahall import engine
from datahall.engine import Op, ProviderFailed

from .conftest import World
from .programs import Thing


def exporting() -> None:
    pulumi.export("size", 3)
    pulumi.export("password", pulumi.Output.secret("hunter2"))


def using(name: str = "organization/proj/base") -> None:
    base = pulumi.StackReference("base", name)
    size = base.require_output("size")
    Thing("it", size=size, password=base.get_output("password"))
    pulumi.export("got", base.get_output("password"))
    pulumi.export("absent", base.get_output("absent"))


def make_base(world: World) -> None:
    engine.up(world.project, "base", replace(world.options, program=exporting))


def test_outputs_arrive_and_secrets_stay_secret(world: World) -> None:
    make_base(world)
    assert world.preview(using).summary == {Op.CREATE: 2, Op.READ: 1}
    result = world.up(using)
    assert result.summary == {Op.CREATE: 2, Op.READ: 1}
    assert result.outputs["got"] == "[secret]"
    assert world.inventory()["it"]["size"] == 3
    assert world.outputs()["got"] == "hunter2"
    assert "hunter2" not in world.state_file.read_text()
    assert not world.up(lambda: using("base")).changed


def test_what_the_state_holds(world: World) -> None:
    make_base(world)
    world.up(using)
    reference = next(r for r in world.checkpoint()["resources"] if r["type"].endswith("StackReference"))
    assert reference["external"]
    assert reference["id"] == "organization/proj/base"
    assert reference["inputs"] == {"name": "organization/proj/base"}
    assert reference["outputs"]["secretOutputNames"] == ["password"]
    assert reference["provider"].startswith("urn:pulumi:dev::proj::pulumi:providers:pulumi::default::")
    assert [p["name"] for p in world.checkpoint()["manifest"]["plugins"]] == ["cloud"]


def test_a_refresh_reads_it_again_and_a_destroy_leaves_the_other_stack(world: World) -> None:
    make_base(world)
    world.up(using)
    engine.up(world.project, "base", replace(world.options, program=lambda: pulumi.export("size", 4)))
    assert world.refresh().summary[Op.REFRESH] == 1
    world.destroy()
    other = engine.read_stack(world.project, "base", world.options)
    assert other is not None
    assert other.outputs == {"size": 4}


def test_disabled_default_providers_do_not_disable_it(world: World) -> None:
    make_base(world)
    config = {"pulumi:disable-default-providers": '["*"]'}
    world.up(lambda: pulumi.export("x", pulumi.StackReference("base").get_output("size")), config=config)
    assert world.outputs() == {"x": 3}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody", "nobody: no such stack in this backend"),
        ("acme/proj/base", "the organization of a folder is `organization`"),
        ("organization/../base", "project: '..'"),
        ("organization/a/b/c", "write STACK or organization/PROJECT/STACK"),
    ],
)
def test_what_cannot_be_referred_to(world: World, name: str, message: str) -> None:
    make_base(world)
    with pytest.raises(ProviderFailed) as failure:
        world.up(lambda: pulumi.StackReference("base", name))
    assert message in str(failure.value)
    assert "base" not in world.resources()


def test_a_stack_with_another_passphrase(world: World) -> None:
    options = replace(world.options, program=exporting, passphrase="other")
    engine.up(world.project, "base", options)
    with pytest.raises(ProviderFailed, match="passphrase"):
        world.up(lambda: pulumi.StackReference("base"))
