"""What Prometheus reads at /metrics; a registry an app, so that apps do not share counts."""

import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LATENCY = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class Metrics:
    """The metrics of one server."""

    registry: CollectorRegistry
    requests: Counter
    latency: Histogram
    batch_size: Histogram
    batch_seconds: Histogram
    predictions: Counter
    queue: Gauge
    ready: Gauge

    def on_batch(self, size: int, seconds: float) -> None:
        """Count a computed batch."""
        self.batch_size.observe(size)
        self.batch_seconds.observe(seconds)


def new_metrics(model: str, version: str) -> Metrics:
    """Metrics at zero, in a registry of their own."""
    registry = CollectorRegistry()
    Info("model", "What is served", registry=registry).info({"name": model, "version": version})
    return Metrics(
        registry=registry,
        requests=Counter(
            "http_requests", "Requests by route and status", ["route", "status"], registry=registry
        ),
        latency=Histogram(
            "http_request_duration_seconds", "Time to answer", ["route"], buckets=_LATENCY, registry=registry
        ),
        batch_size=Histogram("inference_batch_size", "Instances a batch", buckets=_SIZES, registry=registry),
        batch_seconds=Histogram(
            "inference_duration_seconds", "Time a batch", buckets=_LATENCY, registry=registry
        ),
        predictions=Counter("predictions", "Instances by predicted label", ["label"], registry=registry),
        queue=Gauge("inference_queue_length", "Requests that wait", registry=registry),
        ready=Gauge("model_ready", "1 when predictions are answered", registry=registry),
    )


class Measured:
    """ASGI middleware that counts and times every request by its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note its status and how long it took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.latency.labels(route).observe(time.perf_counter() - began)
