"""What hooks get of a resource's options, as it goes over the wire: the Python SDK does not show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pulumi
import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from pulumi import (
    ErrorHook,
    ErrorHookArgs,
    ResourceHook,
    ResourceHookArgs,
    ResourceHookBinding,
    ResourceOptions,
)
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import callback_pb2, resource_pb2

from datahall.engine import ProviderFailed, durations

from .conftest import World
from .programs import Thing

Serve = Callable[[_CallbackServicer, callback_pb2.CallbackInvokeRequest, Any], Awaitable[Message]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes of each call of a program's function, in order."""
    requests: list[bytes] = []
    serve: Serve = _CallbackServicer.Invoke

    async def noting(
        self: _CallbackServicer, request: callback_pb2.CallbackInvokeRequest, context: object
    ) -> Message:
        requests.append(request.request)
        return await serve(self, request, context)

    monkeypatch.setattr(_CallbackServicer, "Invoke", noting)
    return requests


def nothing(_: ResourceHookArgs) -> None:
    """A hook that lets everything pass."""


def binding() -> ResourceHookBinding:
    kinds = ("before_create", "after_create", "before_update", "after_update", "before_delete")
    given: dict[str, Any] = {kind: [ResourceHook(kind, nothing)] for kind in kinds}
    return ResourceHookBinding(**given)


def test_hooks_get_the_options_of_the_old_and_the_new_resource(world: World, sent: list[bytes]) -> None:
    def program(size: int, **changed: Any) -> None:  # noqa: ANN401 - options of any kind
        hooks = binding()  # what is only recorded may be called, too
        if size:
            base = Thing("base")
            options: dict[str, Any] = {"depends_on": [base], "deleted_with": base, "replace_with": [base]}
            Thing("it", size=size, opts=ResourceOptions(hooks=hooks, **options, **changed))

    timeouts = pulumi.CustomTimeouts(create="1h30m", update="90s", delete="20ms")
    world.up(lambda: program(1, custom_timeouts=timeouts, ignore_changes=["note"], retain_on_delete=True))
    world.up(lambda: program(2, additional_secret_outputs=["area"], aliases=[pulumi.Alias(name="earlier")]))
    world.up(lambda: program(0))

    requests = [resource_pb2.ResourceHookRequest.FromString(each) for each in sent]
    assert len(requests) == 5
    [before_create, after_create, before_update, after_update, before_delete] = requests
    base = before_create.new_options.depends_on[0]
    first = before_create.new_options
    assert base.endswith("Thing::base")
    assert list(first.replace_with) == [base]
    assert (first.deleted_with, first.protect, first.retain_on_delete) == (base, False, True)
    assert first.provider.startswith("urn:pulumi:dev::proj::pulumi:providers:cloud::default_1_2_3::")
    assert first.parent == "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
    assert list(first.ignore_changes) == ["note"]
    times = first.custom_timeouts
    assert (times.create, times.update, times.delete, times.read) == ("1h30m0s", "1m30s", "20ms", "")
    assert list(first.hooks.before_update) == ["before_update"]
    assert list(first.hooks.on_error) == []
    assert after_create.new_options == first
    for request in (before_update, after_update):
        assert request.old_options == first
        assert list(request.new_options.additional_secret_outputs) == ["area"]
        assert [alias.urn.rpartition("::")[2] for alias in request.new_options.aliases] == ["earlier"]
        assert not request.new_options.retain_on_delete
    for request in (before_create, after_create):
        assert not request.HasField("old_options")
    assert not before_delete.HasField("new_options")
    assert list(before_delete.old_options.additional_secret_outputs) == ["area"]


def test_error_hooks_get_them_too(world: World, sent: list[bytes]) -> None:
    def never(_: ErrorHookArgs) -> bool:
        return False

    def program() -> None:
        hooks = ResourceHookBinding(on_error=[ErrorHook("never", never)])
        Thing("it", refuse="create", opts=ResourceOptions(hooks=hooks, protect=True))

    with pytest.raises(ProviderFailed):
        world.up(program)
    [request] = [resource_pb2.ErrorHookRequest.FromString(each) for each in sent]
    assert request.new_options.protect
    assert list(request.new_options.hooks.on_error) == ["never"]
    assert not request.HasField("old_options")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (1, "1s"), (1.5, "1.5s"), (60, "1m0s"), (3661, "1h1m1s"), (0.25, "250ms"), (2e-6, "2µs")],
)
def test_durations_are_written_as_go_writes_them(seconds: float, text: str) -> None:
    assert durations.text(seconds) == text


@given(st.integers(0, 10**14))
def test_a_duration_is_read_as_it_is_written(nanoseconds: int) -> None:
    written = durations.text(nanoseconds / 10**9)
    assert durations.seconds("it", written) == pytest.approx(nanoseconds / 10**9, abs=1e-9)
