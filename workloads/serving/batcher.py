"""Requests that arrive together are computed together.

A batch is what waits when the last one is done, so an idle server answers at once and a busy one fills
its batches by itself; `max_wait_s` lets a batch wait for more.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Instances, or answers, by their first dimension."""


class OverloadedError(Exception):
    """The queue is full, or the batcher is closed."""


@dataclass(frozen=True)
class _Job:
    rows: Array
    answer: "asyncio.Future[Array]"


class Batcher:
    """Computes `predict` on at most `max_batch` rows at a time, in one thread of its own."""

    def __init__(
        self,
        predict: Callable[[Array], Array],
        *,
        max_batch: int,
        max_wait_s: float,
        max_queue: int,
        on_batch: Callable[[int, float], None],
    ) -> None:
        self._predict, self._on_batch = predict, on_batch
        self._max_batch, self._max_wait_s = max_batch, max_wait_s
        self._queue: asyncio.Queue[_Job | None] = asyncio.Queue(max_queue)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batch")
        self._began: float | None = None
        self._closed = False
        self._task = asyncio.create_task(self._run())

    async def submit(self, rows: Array) -> Array:
        """`predict(rows)`, computed with whatever else waits; raises OverloadedError."""
        if self._closed or self._task.done():
            raise OverloadedError
        job = _Job(rows, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            raise OverloadedError from None
        return await job.answer

    def waiting(self) -> int:
        """How many requests wait."""
        return self._queue.qsize()

    def busy_s(self) -> float:
        """How long the batch in the works has taken so far, in seconds; infinite once closed."""
        if self._task.done():
            return float("inf")
        return time.monotonic() - self._began if self._began is not None else 0.0

    async def close(self) -> None:
        """Compute what waits, then end."""
        self._closed = True
        await self._queue.put(None)
        await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        job = await self._queue.get()
        while job is not None:
            batch, job = await self._collect(job)
            await self._compute([j for j in batch if not j.answer.done()])
            job = job if job is not None else await self._queue.get()

    async def _collect(self, first: _Job) -> tuple[list[_Job], _Job | None]:
        """A batch that begins with `first`, and the job that no longer fitted."""
        batch, size = [first], len(first.rows)
        until = time.monotonic() + self._max_wait_s
        while size < self._max_batch:
            try:
                job = await self._next(until)
            except TimeoutError:
                break
            if job is None:
                self._queue.put_nowait(None)
                break
            if size + len(job.rows) > self._max_batch:
                return batch, job
            batch.append(job)
            size += len(job.rows)
        return batch, None

    async def _next(self, until: float) -> _Job | None:
        if not self._queue.empty():
            return self._queue.get_nowait()
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return await asyncio.wait_for(self._queue.get(), left)

    async def _compute(self, batch: list[_Job]) -> None:
        if not batch:
            return
        rows = np.concatenate([job.rows for job in batch])
        self._began = time.monotonic()
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(self._thread, self._predict, rows)
        except Exception as error:  # the model's own: everyone who asked gets it
            for job in batch:
                _settle(job.answer, error)
            return
        finally:
            self._on_batch(len(rows), time.monotonic() - self._began)
            self._began = None
        ends = np.cumsum([len(job.rows) for job in batch])
        for job, end in zip(batch, ends, strict=True):
            _settle(job.answer, answers[end - len(job.rows) : end])


def _settle(answer: "asyncio.Future[Array]", result: Array | Exception) -> None:
    if answer.done():  # cancelled: who asked has gone
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
