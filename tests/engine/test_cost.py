"""What an operation costs may grow with the number of resources, but not with its square."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

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
