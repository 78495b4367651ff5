"""The functions of a program in this process (transforms, hooks), called without a connection.

The SDK would serve them with a server of gRPC's asyncio part. That server is stopped as soon as anything
fails, while it starts perhaps, or answers; then gRPC has crashed the process, this engine with it.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, NoReturn

import grpc
from pulumi.runtime import settings
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import callback_pb2

from datahall.engine.call_failed import CallFailed

Request = callback_pb2.CallbackInvokeRequest
Answer = callback_pb2.CallbackInvokeResponse


class Functions(_CallbackServicer):
    """In place of the SDK's own servicer: it has its members, but no server.

    Made in the context that the SDK is configured in. `address` is what the SDK tells the engine that they
    are served at.
    """

    def __init__(self, monitor: Any, loop: asyncio.AbstractEventLoop) -> None:  # noqa: ANN401 - a stub of any kind
        self._callbacks = {}
        self._transforms = {}
        self._state_migrations = {}
        self._monitor = monitor
        self._loop = loop
        self._target = self.address = f"in-process:{uuid.uuid4()}"
        self._context = copy_context()
        self._lock = threading.Lock()
        self._under_way: set[Future[Answer]] = set()
        self._closed = False
        settings.SETTINGS.callbacks = self

    def entered(self) -> None:
        """This is the program's context, in which its functions run."""
        self._context = copy_context()

    def call(self, request: Request) -> Answer:
        """Call a function, from any thread but the loop's.

        Raises CallFailed for one that raised, CancelledError if the program has ended.
        """
        future: Future[Answer] = Future()
        with self._lock:
            if not self._closed:
                self._under_way.add(future)
        if future not in self._under_way:
            future.cancel()
            return future.result()
        future.add_done_callback(self._over)
        try:
            self._loop.call_soon_threadsafe(self._begin(request, future), context=self._context.copy())
        except RuntimeError:  # the loop is closed
            future.cancel()
        return future.result()

    def close(self) -> None:
        """The program has ended, or does not: end the calls under way, and begin no other."""
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
        for future in under_way:
            future.cancel()

    def _over(self, future: Future[Answer]) -> None:
        with self._lock:
            self._under_way.discard(future)

    def _begin(self, request: Request, future: Future[Answer]) -> Callable[[], None]:
        def give(task: asyncio.Task[Answer]) -> None:
            if task.cancelled():
                future.cancel()
                return
            error = task.exception()
            if not future.set_running_or_notify_cancel():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(task.result())

        def begin() -> None:
            if not future.cancelled():
                task = asyncio.ensure_future(self.Invoke(request, _Context()))  # type: ignore[arg-type]
                task.add_done_callback(give)

        return begin


class _Context:
    """As much of a server's context as the SDK's servicer uses."""

    async def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise CallFailed(code, details)
