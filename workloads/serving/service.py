"""The served model's life: loading, ready, closed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from workloads.command import validate
from workloads.errors import WorkloadError
from workloads.events import Emit
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card
from workloads.serving.batcher import Array, Batcher, OverloadedError
from workloads.serving.config import ServingConfig
from workloads.serving.metrics import Metrics
from workloads.serving.problem import ProblemError

_RETRY = {"Retry-After": "1"}


class Rows(Protocol):
    """The configuration of a network that is served: rows of numbers in, scores of classes out."""

    @property
    def width(self) -> int:
        """Numbers an instance."""
        ...

    @property
    def classes(self) -> int:
        """Scores a prediction."""
        ...


@dataclass
class Service:
    """One version of one model. It is ready when a prediction went all the way through."""

    spec: ModelSpec
    card: Card
    config: ServingConfig
    metrics: Metrics
    read_weights: Callable[[], bytes]
    emit: Emit
    on_failure: Callable[[], None]
    failure: WorkloadError | None = None
    _batcher: Batcher | None = field(default=None, repr=False)
    _warm: bool = False

    @cached_property
    def shape(self) -> Rows:
        """What goes in and comes out."""
        config: Any = validate(type(self.spec.config), self.card.config.model, fix="train the model again")
        rows: Rows = config
        return rows

    @property
    def width(self) -> int:
        """Numbers an instance."""
        return self.shape.width

    @property
    def classes(self) -> int:
        """Scores a prediction."""
        return self.shape.classes

    async def load(self) -> None:
        """Load the model and let one prediction through; a failure is kept and ends the server."""
        began = time.perf_counter()
        try:
            predict = await asyncio.to_thread(self._predictor)
            self._batcher = Batcher(
                predict,
                max_batch=self.config.max_batch,
                max_wait_s=self.config.max_wait_ms / 1000,
                max_queue=self.config.max_queue,
                on_batch=self.metrics.on_batch,
            )
            scores = await self._batcher.submit(np.zeros((1, self.width), np.float32))
            await asyncio.to_thread(self._check, scores)
        except WorkloadError as error:
            self.failure = error
            self.on_failure()
            return
        self._warm = True
        self.emit("ready", seconds=round(time.perf_counter() - began, 3))

    async def close(self) -> None:
        """Answer what waits, then stop."""
        self._warm = False
        if self._batcher:
            await self._batcher.close()

    async def predict(self, rows: Array) -> Array:
        """Probabilities (n, classes) for rows (n, width); raises ProblemError (503)."""
        self.check_ready()
        try:
            scores = await self._ready_batcher().submit(rows)
        except OverloadedError:
            rule, fix = f"must be at most {self.config.max_queue} waiting requests", "try again in a second"
            raise ProblemError(503, field="queue", value="full", rule=rule, fix=fix, headers=_RETRY) from None
        for label, count in zip(*np.unique(scores.argmax(1), return_counts=True), strict=True):
            self.metrics.predictions.labels(str(label)).inc(int(count))
        return scores

    def check_ready(self) -> None:
        """Raise ProblemError (503) unless predictions are being answered."""
        problem = self._problem()
        if problem:
            rule, fix = "must be ready", "try again in a second"
            raise ProblemError(503, field="model", value=problem, rule=rule, fix=fix, headers=_RETRY)

    def observe(self) -> None:
        """Bring the gauges up to date."""
        self.metrics.ready.set(self._problem() is None)
        self.metrics.queue.set(self._batcher.waiting() if self._batcher else 0)

    def _problem(self) -> str | None:
        if not self._warm:
            return "loading"
        return "stalled" if self._ready_batcher().busy_s() > self.config.stall_s else None

    def _ready_batcher(self) -> Batcher:
        if self._batcher is None:
            raise OverloadedError
        return self._batcher

    def _predictor(self) -> Callable[[Array], Array]:
        from workloads.serving.predictor import load_predictor  # noqa: PLC0415 - torch, off the main thread

        return load_predictor(self.spec, self.card, self.read_weights())

    def _check(self, scores: Array) -> None:
        from workloads.serving.predictor import check  # noqa: PLC0415 - as above

        check(scores, self.classes)
