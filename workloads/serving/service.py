"""The served model's life: loading, ready, closed."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from workloads.errors import WorkloadError
from workloads.events import Emit
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card
from workloads.serving.batcher import Array, Batcher, OverloadedError
from workloads.serving.config import ServingConfig
from workloads.serving.form import Form
from workloads.serving.metrics import Metrics
from workloads.serving.problem import ProblemError

_RETRY = {"Retry-After": "1"}


@dataclass
class Service:
    """One version of one model. It is ready when a prediction went all the way through."""

    spec: ModelSpec
    card: Card
    form: Form
    config: ServingConfig
    metrics: Metrics
    read_weights: Callable[[], bytes]
    emit: Emit
    on_failure: Callable[[], None]
    failure: WorkloadError | None = None
    _batcher: Batcher | None = field(default=None, repr=False)
    _warm: bool = False

    async def load(self) -> None:
        """Load the model and let one prediction through; a failure is kept and ends the server."""
        began = time.perf_counter()
        try:
            predict = await asyncio.to_thread(self._predictor)
            self._batcher = Batcher(
                predict,
                max_batch=1 if self.form.alone else self.config.max_batch,
                max_wait_s=self.config.max_wait_ms / 1000,
                max_queue=self.config.max_queue,
                on_batch=self.metrics.on_batch,
            )
            scores = await self._batcher.submit(self.form.first())
            await asyncio.to_thread(self.form.check, scores)
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

    async def predict(self, instances: Array) -> Array:
        """An answer to each; raises ProblemError (503)."""
        self.check_ready()
        try:
            answers = await self._ready_batcher().submit(instances)
        except OverloadedError:
            rule, fix = f"must be at most {self.config.max_queue} waiting requests", "try again in a second"
            raise ProblemError(503, field="queue", value="full", rule=rule, fix=fix, headers=_RETRY) from None
        for label, count in Counter(self.form.labels(answers)).items():
            self.metrics.predictions.labels(label).inc(count)
        return answers

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
        return self.form.load(self.spec, self.card, self.read_weights())
