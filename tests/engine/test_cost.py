"""What things may cost: an operation, for each resource the same; a look at a state, none of the SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Collection
from typing import Any

import pytest
from pulumi.runtime import resource

from datahall import engine

from .conftest import World
from .programs import Thing


def test_the_sdk_waits_for_calls_and_not_for_each_output(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, waited_for = asyncio.wait, [0]

    async def counting(futures: Collection[Any], **options: Any) -> Any:  # noqa: ANN401 - as the original
        waited_for[0] += len(futures)
        return await wait(futures, **options)

    monkeypatch.setattr(asyncio, "wait", counting)
    count = 60
    world.up(lambda: [Thing(f"thing-{number}") for number in range(count)] and None)
    assert waited_for[0] < count * 20  # each has some outputs; in the square it would be 10,000s


def test_a_program_gathers_its_own_frames_and_none_below(world: World) -> None:
    class First:
        def __init__(self) -> None:  # as deep as the SDK's own classes are
            gathered.append(len(resource._get_stack_trace().frames))

    class Second(First):
        def __init__(self) -> None:
            super().__init__()

    class Third(Second):
        def __init__(self) -> None:
            super().__init__()

    gathered: list[int] = []
    world.up(lambda: Third() and None)
    Third()  # the SDK alone, in the same process
    assert gathered[0] == 1 < gathered[1]  # the lambda


def test_who_only_reads_a_state_loads_neither_grpc_nor_the_sdk() -> None:
    program = (
        "import sys\n"
        "from datahall import engine\n"
        "engine.read_stack, engine.list_stacks, engine.Options, engine.load_project, engine.EngineError\n"
        "print(sorted({'grpc', 'pulumi', 'google.protobuf'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_engine_gives_all_that_it_names_and_nothing_else() -> None:
    assert all(getattr(engine, name) is not None for name in engine.__all__)
    with pytest.raises(AttributeError, match="no attribute 'uq'"):
        _ = engine.uq  # type: ignore[attr-defined]
