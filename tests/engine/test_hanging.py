"""A provider that never comes to the end of what it does: it is named, given up, and what it did is found."""

from __future__ import annotations

import os
import time

import pulumi
import pytest

from datahall.engine import InvalidProject, PluginPool, ProviderFailed

from .conftest import World
from .kill_programs import after, before, plant
from .plugins.moments import running
from .programs import Thing
from .test_fault_calls import faulty
from .test_kills import is_whole
from .validity import latest

WORK = ["Create", "Update", "Delete", "Read", "Invoke", "Construct", "Call"]
CHANGES = ("Create", "Update", "Delete")
HASTY = {"provider_timeout": 0.4, "answer_seconds": 30}


def pending(world: World) -> list[str]:
    return [each["type"] for each in latest(world.state_file.read_bytes()).get("pending_operations", ())]


@pytest.mark.parametrize("call", WORK if "DATAHALL_FUZZ" in os.environ else ["Delete", "Construct"])
def test_a_call_without_an_end_is_given_up(world: World, call: str) -> None:
    plant(world.cloud)
    world.up(before)
    with faulty(world.cloud, call, "hang"), pytest.raises(ProviderFailed) as caught:
        world.up(after, **HASTY)
    said = str(caught.value)
    assert f"provider cloud did not answer {call} within 400ms" in said
    assert "by customTimeouts or --provider-timeout" in said
    assert bool(pending(world)) == (call in CHANGES)
    assert ("the next update finds out" in said) == (call in CHANGES)
    world.up(after)
    is_whole(world)


def test_a_plugin_that_hangs_is_ended_and_not_used_again(own_world: World) -> None:
    def program() -> None:
        Thing("it", hold="create")

    with PluginPool() as pool:
        with pytest.raises(ProviderFailed, match="did not answer Create within 400ms"):
            own_world.up(program, pool=pool, **HASTY)
        hung = int((own_world.cloud / "held").read_text())
        assert not running(hung)
        assert (own_world.cloud / "cancelled").exists()
        (own_world.cloud / "go").touch()
        own_world.up(program, pool=pool)
        assert int((own_world.cloud / "held").read_text()) != hung
        assert own_world.count() == 1


def test_a_resource_has_its_own_time_and_the_others_go_on(world: World) -> None:
    """It is given up, though the provider does it in the end; the next update has it all the same."""

    def program() -> None:
        own = pulumi.CustomTimeouts(create="200ms")
        slow = Thing("slow", hold="create", size=1, opts=pulumi.ResourceOptions(custom_timeouts=own))
        Thing("after", note=slow.serial)
        Thing("good", slow=0.5)

    with pytest.raises(ProviderFailed) as caught:
        world.up(program, continue_on_error=True)
    assert (
        "::slow: provider cloud did not answer Create within 200ms (its customTimeouts) and 200ms of"
        in str(caught.value)
    )
    assert list(world.inventory()) == ["good"]
    assert pending(world) == ["creating"]
    assert (world.cloud / "cancelled").exists()
    (world.cloud / "go").touch()
    while "slow" not in world.inventory():
        time.sleep(0.01)
    world.up(program)
    assert list(world.inventory()) == ["after", "good", "slow"]
    assert world.count() == 3
    assert not world.preview(program).changed


def test_a_preview_and_a_refresh_are_given_up_too(world: World) -> None:
    world.up(lambda: Thing("one", size=1))
    with faulty(world.cloud, "Update", "hang"), pytest.raises(ProviderFailed) as caught:
        world.preview(lambda: Thing("one", size=2), **HASTY)
    assert "did not answer Update" in str(caught.value)
    assert "next update" not in str(caught.value)  # nothing was to be done
    with faulty(world.cloud, "Read", "hang"), pytest.raises(ProviderFailed, match="did not answer Read"):
        world.refresh(**HASTY)
    assert "one" in world.resources()


def test_questions_have_no_longer_than_that(world: World) -> None:
    with faulty(world.cloud, "Check", "hang"), pytest.raises(ProviderFailed) as caught:
        world.up(lambda: Thing("one", size=1), provider_timeout=0.4)
    assert "did not answer Check within 400ms" in str(caught.value)
    assert "DATAHALL_PROVIDER_TIMEOUT" in str(caught.value)


def test_the_environment_says_how_long(world: World) -> None:
    environment = {**world.options.environment, "DATAHALL_PROVIDER_TIMEOUT": "400ms"}
    with pytest.raises(ProviderFailed, match="did not answer Create within 400ms"):
        world.up(lambda: Thing("it", hold="create"), environment=environment, answer_seconds=30)
    (world.cloud / "go").touch()
    world.up(lambda: Thing("it", slow=0.6), environment=environment, provider_timeout=0)  # without end


@pytest.mark.parametrize("given", ["soon", "-1s", "5", "1d"])
def test_the_variable_must_be_a_duration(world: World, given: str) -> None:
    environment = {**world.options.environment, "DATAHALL_PROVIDER_TIMEOUT": given}
    with pytest.raises(
        InvalidProject, match=f"DATAHALL_PROVIDER_TIMEOUT: {given}: must be a duration like 90s"
    ):
        world.up(lambda: Thing("it"), environment=environment)
    assert not world.inventory()


def test_what_hangs_twice_is_there_once(world: World) -> None:
    """Its name is its own: what an adoption asks for again, and what the program does, is the same thing."""

    def program() -> None:
        Thing("it", label="its own", hold="create", size=1)

    for _ in range(2):
        with pytest.raises(ProviderFailed, match="did not answer Create"):
            world.up(program, **HASTY)
    assert set(pending(world)) == {"creating"}
    (world.cloud / "go").touch()
    world.up(program)
    assert list(world.inventory()) == ["it"]
    assert world.count() == 1
    assert world.ids(["it"]) == [world.thing("it").stem]
    assert not world.preview(program).changed
