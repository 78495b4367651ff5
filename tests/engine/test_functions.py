"""Functions of providers, with each of their options."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
import pytest
from pulumi import InvokeOptions, InvokeOutputOptions, ResourceOptions
from pulumi.runtime import exists_resource, invoke, invoke_output, settings
from pulumi.runtime.proto import resource_pb2

from datahall.engine import Op, ProviderFailed
from datahall.engine.errors import Unsupported
from datahall.engine.settled import Settled

from .conftest import World
from .programs import House, Provider, Thing

SAY = "cloud:index:say"


def say(**options: Any) -> pulumi.Output[Any]:  # noqa: ANN401 - options of any kind
    return invoke_output(SAY, {"word": "hi"}, InvokeOutputOptions(version="1.2.3", **options))


def test_a_function_waits_for_what_it_depends_on(world: World) -> None:
    def program(size: int) -> None:
        it = Thing("it", size=size)
        pulumi.export("said", say(depends_on=[it])["said"])
        pulumi.export("below", say(depends_on=[House("home", size)])["said"])

    preview = world.preview(lambda: program(2))
    assert preview.outputs == {"said": "[unknown]", "below": "[unknown]"}
    world.up(lambda: program(2))
    assert world.outputs() == {"said": "HI", "below": "HI"}
    later = world.preview(lambda: program(3))  # an update: all of it exists
    assert later.summary[Op.UPDATE] == 3
    assert later.outputs == {"said": "HI", "below": "HI"}


def test_a_plain_function_depends_on_nothing(world: World) -> None:
    def program() -> None:
        Thing("it")
        pulumi.export("said", invoke(SAY, {"word": "hi"}, InvokeOptions(version="1.2.3")).value["said"])

    assert world.preview(program).outputs == {"said": "HI"}


def test_a_function_is_called_with_the_provider_that_it_names(own_world: World) -> None:
    def program() -> None:
        east = Provider("east", "east")
        house = House("home", opts=ResourceOptions(providers=[east]))
        pulumi.export("named", say(provider=east)["region"])
        pulumi.export("inherited", say(parent=house)["region"])
        pulumi.export("own", say(parent=Thing("it", opts=ResourceOptions(provider=east)))["region"])
        pulumi.export("default", say()["region"])

    own_world.up(program)
    assert own_world.outputs() == {
        "named": "east",
        "inherited": "east",
        "own": "east",
        "default": "here",
    }


def test_a_function_whose_provider_is_not_there_yet_is_unknown(own_world: World) -> None:
    def program() -> None:
        far = Provider("far", Thing("origin").serial)
        pulumi.export("region", say(provider=far)["region"])

    assert own_world.preview(program).outputs == {"region": "[unknown]"}
    own_world.up(program)
    assert own_world.outputs()["region"].startswith("serial-origin-")


def test_version_and_download_url_choose_a_default_provider(world: World) -> None:
    def program() -> None:
        options = InvokeOutputOptions(version="1.2.2", plugin_download_url="file://plugins")
        pulumi.export("said", invoke_output(SAY, {"word": "hi"}, options)["said"])

    world.up(program)
    provider = world.resources()["default_1_2_2_file_plugins"]
    assert provider.inputs["version"] == "1.2.2"
    assert provider.inputs["__internal"] == {"pluginDownloadURL": "file://plugins"}
    assert world.said("warning") == []  # the plugin is 1.2.3


def test_the_engine_knows_what_is_above_a_function(own_world: World) -> None:
    """The Python SDK looks for the provider itself; other SDKs leave it to the engine."""

    async def asked(house: House) -> str:
        request = resource_pb2.ResourceInvokeRequest(tok=SAY, parent=await house.urn.future() or "")
        monitor: Any = settings.get_monitor()
        answer = monitor.Invoke(request)
        region: str = getattr(answer, "return")["region"]
        return region

    def program() -> None:
        outer = House("outer", opts=ResourceOptions(providers=[Provider("east", "east")]))
        inner = House("inner", opts=ResourceOptions(parent=outer))
        pulumi.export("inner", asked(inner))
        pulumi.export("other", asked(House("other")))

    own_world.up(program)
    assert own_world.outputs() == {"inner": "east", "other": "here"}


def test_what_a_function_refuses_is_the_programs_to_handle(world: World) -> None:
    def program() -> None:
        with pytest.raises(Exception, match="must not be said"):
            _ = invoke(SAY, {"word": "forbidden"}, InvokeOptions(version="1.2.3")).value
        Thing("it")

    world.up(program)
    assert world.count() == 1


def test_a_function_that_is_not_there_ends_the_run(world: World) -> None:
    with pytest.raises(ProviderFailed, match="no executable pulumi-resource-moon"):
        world.up(lambda: pulumi.export("x", invoke_output("moon:index:phase", {})))


@contextmanager
def elsewhere(settled: Settled, parent: str) -> Iterator[threading.Event]:
    """A registration in another thread, under way until the event is set."""
    begun, go = threading.Event(), threading.Event()

    def register() -> None:
        with settled.below(parent):
            begun.set()
            go.wait(30)
            settled.done("child", parent, custom=True, exists=False)

    thread = threading.Thread(target=register)
    thread.start()
    begun.wait(30)
    try:
        yield go
    finally:
        go.set()
        thread.join(30)


def test_registrations_under_way_below_a_component_are_waited_for() -> None:
    settled, found = Settled(), list[bool]()
    settled.done("component", "", custom=False, exists=True)
    assert not settled.lacks(["component", "unknown"], lambda: None)
    with elsewhere(settled, "component") as go:
        waiting = threading.Thread(target=lambda: found.append(settled.lacks(["component"], lambda: None)))
        waiting.start()
        waiting.join(0.5)
        assert found == []
        go.set()
        waiting.join(30)
    assert found == [True]


def test_the_wait_ends_with_the_run() -> None:
    class OverError(Exception):
        """The run is over."""

    def over() -> None:
        raise OverError

    settled = Settled()
    settled.done("component", "", custom=False, exists=True)
    with elsewhere(settled, "component"), pytest.raises(OverError):
        settled.lacks(["component"], over)


def test_whether_a_resource_exists_is_asked_of_its_provider(world: World) -> None:
    def asked(id_: pulumi.Input[str], parent: pulumi.Resource | None = None) -> pulumi.Output[bool]:
        return exists_resource(None, "cloud:index:Thing", id_, {}, ResourceOptions(parent=parent))

    def program() -> None:
        it = Thing("it")
        house = House("home", opts=ResourceOptions(providers=[Provider("east", "east")]))
        pulumi.export("it", asked(it.id))
        pulumi.export("other", asked("other-000000"))
        pulumi.export("below", asked(it.id, house))

    preview = world.preview(program)
    assert preview.outputs == {"it": "[unknown]", "other": False, "below": "[unknown]"}
    world.up(program)
    assert world.outputs() == {"it": True, "other": False, "below": True}
    assert "other-000000" not in world.resources()


def test_a_provider_that_fails_to_say_whether_it_exists_is_told(world: World) -> None:
    world.up(lambda: Thing("it", refuse="read"))
    [id_] = world.ids(["it"])

    def program() -> None:
        Thing("it", refuse="read")
        exists_resource(None, "cloud:index:Thing", id_, {}, ResourceOptions())

    with pytest.raises(ProviderFailed, match="the cloud refuses to read"):
        world.up(program)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Invoke", resource_pb2.ResourceInvokeRequest(tok=SAY)),
        ("Call", resource_pb2.ResourceCallRequest(tok="cloud:index:Thing/paint")),
        ("ReadResource", resource_pb2.ReadResourceRequest(type="cloud:index:Thing", name="it")),
        ("ExistsResource", resource_pb2.ExistsResourceRequest(type="cloud:index:Thing", id="it")),
        ("RegisterResource", resource_pb2.RegisterResourceRequest(type="cloud:index:Thing", name="it")),
        ("RegisterResource", resource_pb2.RegisterResourceRequest(type="a:b:C", name="it", snippetId="1")),
    ],
)
def test_what_is_refused_is_refused_of_every_call(world: World, method: str, request_: Any) -> None:  # noqa: ANN401
    if not getattr(request_, "snippetId", ""):
        request_.pluginChecksums["linux-amd64"] = b"sum"

    def program() -> None:
        getattr(settings.get_monitor(), method)(request_)

    with pytest.raises(Unsupported, match=r"(plugin checksums|snippets): not supported by the embedded"):
        world.up(program)
    assert world.count() == 0
