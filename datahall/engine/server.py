"""The engine's gRPC server, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2_grpc, resource_pb2_grpc

from datahall.engine.builtin import Builtin
from datahall.engine.engine_service import EngineService
from datahall.engine.monitor import Monitor
from datahall.engine.plugins import CHANNEL_OPTIONS

_GRACE = 5.0  # no call is open by then; without grace, gRPC logs that it cancels what there is not


@contextmanager
def serving(engine: EngineService, builtin: Builtin, workers: int) -> Iterator[int]:
    """Serve Engine and the built-in provider; gives the port."""
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="engine")
    server = grpc.server(pool, options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)])
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(builtin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=_GRACE).wait()
        pool.shutdown(wait=True)


@contextmanager
def serving_monitor(monitor: Monitor, workers: int) -> Iterator[str]:
    """Serve ResourceMonitor; gives its address."""
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="monitor")
    server = grpc.server(pool, options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)])
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=_GRACE).wait()
        pool.shutdown(wait=True)
