"""Requests computed together."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from workloads.serving.batcher import Array, Batcher, OverloadedError


def rows(*values: float) -> Array:
    return np.array([[value] for value in values], np.float32)


class Doubler:
    """Doubles; waits for `go`, and notes its batches."""

    def __init__(self) -> None:
        self.go, self.began = threading.Event(), threading.Event()
        self.sizes: list[int] = []

    def __call__(self, batch: Array) -> Array:
        self.began.set()
        assert self.go.wait(10)
        self.sizes.append(len(batch))
        if (batch < 0).any():
            raise ValueError("negative")
        return batch * 2

    async def busy(self) -> None:
        """Wait until a batch is in the works."""
        await asyncio.to_thread(self.began.wait, 10)


Scenario = Callable[[Batcher, Doubler], Awaitable[None]]


def play(scenario: Scenario, *, max_batch: int = 4, max_wait_s: float = 0, max_queue: int = 100) -> Doubler:
    """Run a scenario with a batcher, and close it."""
    model, noted = Doubler(), list[int]()

    async def main() -> None:
        batcher = Batcher(
            model,
            max_batch=max_batch,
            max_wait_s=max_wait_s,
            max_queue=max_queue,
            on_batch=lambda size, _seconds: noted.append(size),
        )
        await scenario(batcher, model)
        model.go.set()
        await batcher.close()
        assert batcher.busy_s() == float("inf")

    asyncio.run(main())
    assert noted == model.sizes
    return model


def test_what_waits_is_computed_together_and_each_gets_its_own() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        others = [asyncio.create_task(batcher.submit(rows(v, v + 1))) for v in (2, 4, 6)]
        await asyncio.sleep(0)
        assert batcher.waiting() == 3
        model.go.set()
        answers = await asyncio.gather(first, *others)
        assert [a.ravel().tolist() for a in answers] == [[2], [4, 6], [8, 10], [12, 14]]

    assert play(scenario).sizes == [1, 4, 2]


def test_a_request_that_does_not_fit_waits_for_the_next_batch() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        others = [asyncio.create_task(batcher.submit(rows(*[0.5] * n))) for n in (3, 2, 2)]
        await asyncio.sleep(0)
        model.go.set()
        answers = await asyncio.gather(first, *others)
        assert [len(a) for a in answers] == [1, 3, 2, 2]

    assert play(scenario).sizes == [1, 3, 4]


def test_a_batch_may_wait_for_more() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        model.go.set()
        first = asyncio.create_task(batcher.submit(rows(1)))
        await asyncio.sleep(0.05)
        await asyncio.gather(first, batcher.submit(rows(2)))

    assert play(scenario, max_batch=2, max_wait_s=10).sizes == [2]


def test_a_full_queue_refuses() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        second = asyncio.create_task(batcher.submit(rows(2)))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await batcher.submit(rows(3))
        model.go.set()
        await asyncio.gather(first, second)

    assert play(scenario, max_queue=1).sizes == [1, 1]


def test_a_failure_reaches_who_asked_and_the_next_is_served() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        model.go.set()
        with pytest.raises(ValueError, match="negative"):
            await batcher.submit(rows(-1))
        assert (await batcher.submit(rows(1))).tolist() == [[2]]
        assert batcher.busy_s() == 0

    play(scenario)


def test_who_has_gone_is_not_computed_for() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        gone = asyncio.create_task(batcher.submit(rows(2)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        model.go.set()
        await first

    assert play(scenario).sizes == [1]


def test_a_batch_in_the_works_is_timed() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        await asyncio.sleep(0.05)
        assert batcher.busy_s() > 0.04
        model.go.set()
        await first

    play(scenario)


def test_closing_answers_what_waits_and_refuses_what_comes() -> None:
    async def scenario(batcher: Batcher, model: Doubler) -> None:
        first = asyncio.create_task(batcher.submit(rows(1)))
        await model.busy()
        second = asyncio.create_task(batcher.submit(rows(2)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await batcher.submit(rows(3))
        model.go.set()
        await closing
        assert [(await first).item(), (await second).item()] == [2, 4]

    play(scenario)
