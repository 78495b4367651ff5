"""The ResourceMonitor for a program in this process: the same messages, and no connection between.

The SDK takes any object in place of a stub, as its own mocks do. A call runs in the thread that makes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message
from pulumi.runtime.proto import resource_pb2

from datahall.engine.call_failed import CallFailed
from datahall.engine.monitor import Monitor

_METHODS = resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"].methods_by_name


class _Context:
    """As much of a server's context as the services of this engine use."""

    def __init__(self) -> None:
        self._code, self._details = grpc.StatusCode.UNKNOWN, ""

    def set_code(self, code: grpc.StatusCode) -> None:
        self._code = code

    def set_details(self, details: str) -> None:
        self._details = details

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise CallFailed(code, details)

    def failure(self) -> CallFailed:
        return CallFailed(self._code, self._details)


class InProcessMonitor:
    """Has a stub's methods. Once closed it answers as one whose server is gone."""

    def __init__(self, monitor: Monitor) -> None:
        self._idle = threading.Condition()
        self._under_way = 0
        self._closed = False
        for name in _METHODS:
            setattr(self, name, partial(self._call, getattr(monitor, name)))

    def _call(self, method: Callable[[Message, Any], Message], request: Message) -> Message:
        with self._idle:
            if self._closed:
                raise CallFailed(grpc.StatusCode.UNAVAILABLE, "the run is over")
            self._under_way += 1
        context = _Context()
        try:
            return method(request, context)
        except NotImplementedError:  # what the SDK knows and this engine does not
            raise context.failure() from None
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Take no more calls; returns when none is under way."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: self._under_way == 0)


@contextmanager
def in_process(monitor: Monitor) -> Iterator[InProcessMonitor]:
    """The monitor, until the run is over."""
    served = InProcessMonitor(monitor)
    try:
        yield served
    finally:
        served.close()
