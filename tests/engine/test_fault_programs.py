"""A program that ends half way, however it does: it is told, the state stays true, the next update heals."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from datahall.engine import ProgramFailed

from .conftest import World
from .programs import House, Thing
from .validity import latest


class Broken(pulumi.ComponentResource):
    """A component that raises when half of it is there."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Broken", name)
        Thing(f"{name}-half", opts=pulumi.ResourceOptions(parent=self))
        raise ValueError("the other half")


class Halt(BaseException):
    """Nothing that is caught by the usual."""


def goal() -> Thing:
    """What the next update makes; `made` is what each of the programs made before it ended."""
    House("home")
    return Thing("made")


def fail(*_: Any) -> None:  # noqa: ANN401 - of whatever it is called with
    raise ValueError("in an apply")


async def fail_later(_: str = "") -> str:
    await asyncio.sleep(0)
    raise ValueError("after an await")


def in_an_apply() -> None:
    goal().serial.apply(fail)


def in_an_async_apply() -> None:
    pulumi.export("late", goal().serial.apply(fail_later))


def in_a_component() -> None:
    goal()
    Broken("broken")


def in_an_async_main() -> None:
    async def main() -> dict[str, pulumi.Input[Any]]:
        goal()
        await asyncio.sleep(0.05)
        raise ValueError("in the main")

    pulumi.run(main)


async def in_a_coroutine() -> None:
    goal()
    await fail_later()


def with_an_exit_code() -> None:
    goal()
    sys.exit(3)


def with_a_message() -> None:
    goal()
    sys.exit("no more")


def twice_of_one_name() -> None:
    goal()
    Thing("made")


def in_an_output_of_its_own() -> None:
    pulumi.export("x", goal().serial.apply(lambda _: Broken("broken").urn))


def with_an_input_that_raises() -> None:
    made = goal()
    Thing("other", note=made.serial.apply(fail))


ENDS: dict[Callable[[], Any], str] = {
    in_an_apply: "in an apply",
    in_an_async_apply: "after an await",
    in_a_component: "the other half",
    in_an_async_main: "in the main",
    in_a_coroutine: "after an await",
    with_an_exit_code: "exit code 3",
    with_a_message: "no more",
    twice_of_one_name: "duplicate resource URN",
    in_an_output_of_its_own: "the other half",
    with_an_input_that_raises: "in an apply",
}


@pytest.mark.parametrize("code", [None, 0])
def test_a_program_that_exits_as_one_that_is_well_has_come_to_its_end(world: World, code: int | None) -> None:
    def program() -> None:
        pulumi.export("serial", goal().serial)
        sys.exit(code)

    assert world.up(program).outputs["serial"].startswith("serial-made")
    is_true(world)
    assert not world.preview(program).changed


def is_true(world: World) -> None:
    """Whatever is recorded is there, once, and nothing else."""
    found = latest(world.state_file.read_bytes())
    assert "pending_operations" not in found
    recorded = Counter(each["id"] for each in found["resources"] if each["type"] == "cloud:index:Thing")
    assert Counter(file.stem for file in world.cloud.glob("*.thing")) == recorded


@pytest.mark.parametrize("program", ENDS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("first", [True, False])
def test_a_program_that_ends_half_way(world: World, program: Callable[[], Any], first: bool) -> None:
    kept = 0 if first else 1
    if not first:
        world.up(lambda: Thing("kept"))
    with pytest.raises(ProgramFailed, match=ENDS[program]):
        world.up(program)
    is_true(world)
    assert list(world.inventory()).count("kept") == kept  # nothing is deleted
    world.up(goal)
    is_true(world)
    assert sorted(world.inventory()) == ["home-base", "home-roof", "made"]
    assert not world.preview(goal).changed


@pytest.mark.parametrize("error", [KeyboardInterrupt, Halt, GeneratorExit])
def test_what_no_handler_is_for_is_raised_and_the_state_true(
    world: World, error: type[BaseException]
) -> None:
    def program() -> None:
        goal()
        raise error

    with pytest.raises(error):
        world.up(program)
    is_true(world)
    assert not list((world.backend / ".pulumi" / "locks").rglob("*.json"))
    world.up(goal)
    is_true(world)
