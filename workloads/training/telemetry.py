"""Metrics of a training that runs, as OpenMetrics on this machine's loopback: what its events tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Info, start_http_server

from workloads.errors import InvalidInputError
from workloads.events import Emit

_LOOPBACK = "127.0.0.1"
_GAUGES = {
    "step": ("step", "Steps that are done"),
    "steps": ("steps", "Steps of the whole run"),
    "epoch": ("epoch", "Epochs that are done"),
    "loss": ("loss", "Mean loss of the epoch so far"),
    "value": ("headline", "The metric that is looked at, on held-out data, after the last epoch"),
    "units_per_s": ("units_per_second", "Samples or tokens a second since this process began"),
    "seconds_left": ("left_seconds", "Time left at that pace"),
    "mfu": ("model_flops_utilization", "Operations done against the device's peak, 0 to 1"),
    "energy_j": ("energy_joules", "Energy of rank 0 so far, an estimate"),
}
"""A field of `progress` and `epoch` -> its metric and what it is."""


@contextmanager
def measured(emit: Emit, port: int | None) -> Iterator[Emit]:
    """An emit whose numbers are also on `port` (0: any that is free) until the block ends; None: as it is.

    Raises InvalidInputError for a port that is taken.
    """
    if port is None:
        yield emit
        return
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"training_{metric}", text, registry=registry) for name, (metric, text) in _GAUGES.items()
    }
    about = Info("training", "What is trained", registry=registry)
    try:
        server, thread = start_http_server(port, addr=_LOOPBACK, registry=registry)
    except (OSError, OverflowError) as error:
        rule = f"must be a port that is free on {_LOOPBACK} ({error})"
        raise InvalidInputError("--metrics-port", port, rule, "give another, or 0") from None

    def told(event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever an event has
        if event == "started":
            about.info({name: str(fields[name]) for name in ("model", "run", "dataset", "world_size")})
        if event in ("progress", "epoch"):
            for name in gauges.keys() & fields.keys():
                gauges[name].set(float(fields[name]))
        emit(event, **fields)

    emit("metrics", url=f"http://{_LOOPBACK}:{server.server_port}/metrics")
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
