"""Parameterized packages: one plugin that serves packages of other names."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pytest
from pulumi import InvokeOptions, ResourceOptions
from pulumi.runtime import settings
from pulumi.runtime.proto import resource_pb2

from datahall.engine import PluginPool, ProgramFailed, ProviderFailed, Unsupported

from .conftest import World


async def package(flavour: str = "sweet", version: str = "2.0.0", name: str = "sea", **more: Any) -> str:  # noqa: ANN401
    """A package of things that have a flavour, made of the cloud's plugin."""
    value = base64.b64encode(flavour.encode()).decode()
    return await settings.register_package("cloud", "1.2.3", "", name, version, value, **more)


class Drop(pulumi.CustomResource):
    flavour: pulumi.Output[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None, **package_of: str) -> None:
        super().__init__(
            "sea:index:Thing", name, {"flavour": None, "size": 2}, opts, package_ref=package(**package_of)
        )


class Sea(pulumi.ProviderResource):
    def __init__(self, name: str, **package_of: str) -> None:
        super().__init__("sea", name, {"region": "north"}, package_ref=package(**package_of))


def test_a_plugin_serves_a_package_of_another_name(own_world: World) -> None:
    def program() -> None:
        pulumi.export("flavour", Drop("it").flavour)

    own_world.up(program)
    assert own_world.outputs() == {"flavour": "sweet"}
    provider = own_world.resources()["default_2_0_0"]
    assert provider.type == "pulumi:providers:sea"
    internal = {"name": "cloud", "version": "1.2.3", "parameterization": base64.b64encode(b"sweet").decode()}
    assert provider.inputs == {"version": "2.0.0", "__internal": internal}
    assert not own_world.up(program).changed
    own_world.destroy()  # from the record alone
    assert own_world.count() == 0


def test_each_package_has_a_process_of_its_own(own_world: World) -> None:
    def program() -> None:
        pulumi.export("default", Drop("a").flavour)
        pulumi.export("newer", Drop("b", flavour="salt", version="3.0.0").flavour)
        explicit = ResourceOptions(provider=Sea("mine", flavour="sour"))
        pulumi.export("explicit", Drop("c", explicit, flavour="sour").flavour)

    with PluginPool() as pool:
        own_world.up(program, pool=pool)
        own_world.up(program, pool=pool)
    assert own_world.outputs() == {"default": "sweet", "newer": "salt", "explicit": "sour"}
    assert own_world.resources()["mine"].inputs["__internal"]["name"] == "cloud"


def test_functions_and_reads_of_a_package(own_world: World) -> None:
    def program() -> None:
        made = Drop("made")
        seen = Drop("seen", ResourceOptions(id=made.id))
        pulumi.export("seen", seen.flavour)
        said = pulumi.runtime.invoke_output("sea:index:say", {"word": "hi"}, package_ref=package())
        pulumi.export("said", said)
        explicit = InvokeOptions(provider=Sea("mine", flavour="sour"))
        pulumi.export(
            "other", pulumi.runtime.invoke_output("sea:index:say", {}, explicit, package_ref=package())
        )

    own_world.up(program)
    outputs = own_world.outputs()
    assert outputs["seen"] == "sweet"
    assert outputs["said"] == {"said": "HI", "region": "nowhere", "flavour": "sweet"}
    assert outputs["other"] == {"said": "", "region": "north", "flavour": "sour"}


def test_another_parameter_is_another_provider_but_the_same_resource(own_world: World) -> None:
    own_world.up(lambda: Drop("it", version="2.0.0"))
    own_world.up(lambda: Drop("it", version="2.0.1"))
    assert own_world.names("Create") == ["it"]
    assert own_world.resources()["it"].provider.rpartition("::")[0].endswith("default_2_0_1")


def test_a_plugin_that_answers_as_another_package_is_named(own_world: World) -> None:
    with pytest.raises(ProviderFailed, match=r"package sea: provider cloud answered Parameterize .*'other'"):
        own_world.up(lambda: Drop("it", flavour="misnamed"))
    assert own_world.count() == 0


def test_what_is_wrong_with_a_package_is_told(own_world: World) -> None:
    def call(**fields: Any) -> None:  # noqa: ANN401
        monitor: Any = settings.get_monitor()
        monitor.RegisterPackage(resource_pb2.RegisterPackageRequest(**fields))

    parameter = resource_pb2.Parameterization(name="sea", version="2.0.0", value=b"x")
    with pytest.raises(Unsupported, match="package sea: extension packages"):
        own_world.up(lambda: call(name="cloud", version="1.2.3", extension=parameter))
    with pytest.raises(Unsupported, match="package cloud: plugin checksums"):
        own_world.up(lambda: call(name="cloud", checksums={"linux": b"x"}, parameterization=parameter))
    nameless = resource_pb2.Parameterization(name="sea", value=b"x")
    with pytest.raises(ProgramFailed, match="package sea: version '': not a semantic version"):
        own_world.up(lambda: call(name="cloud", parameterization=nameless))
    with pytest.raises(ProgramFailed, match="a name must not be empty"):
        own_world.up(lambda: call(parameterization=parameter))

    async def unknown() -> str:
        return "no-such-reference"

    with pytest.raises(ProgramFailed, match="reference 'no-such-reference': not registered"):
        own_world.up(lambda: pulumi.CustomResource("sea:index:Thing", "it", {}, package_ref=unknown()))
