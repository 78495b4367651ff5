"""Stops any call of the test cloud at a named moment: to kill the engine, or to fail.

`orders.json` in the cloud's folder says so. {"kill": {"at": 7, "moment": "before", "signals": [9]},
"calls": []}: at the seventh call (previews of changes do not count), or at "Create 2", the process of
`engine.pid` gets the signals: before the call is done (it is done all the same, later), "after" it, or before
and it is "lost": never done. The calls' names are added to `calls`. {"faults": {"Check": "refuse"}}: each
such call is refused, hangs (until the orders are gone), is answered with what is no message, or kills the
plugin.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

Behaviour = Callable[[Any, grpc.ServicerContext], Any]
GARBAGE = b"\xff\xff\xff"


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Moments(grpc.ServerInterceptor):
    """Wraps every call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._orders = folder / "orders.json"
        self._lock = threading.Lock()

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = continuation(handler_call_details)
        method = handler_call_details.method.rpartition("/")[2]
        if handler is None or handler.unary_unary is None or not self._orders.exists():
            return handler
        inner: Behaviour = handler.unary_unary
        serialize = handler.response_serializer
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._call(method, inner, request, context),
            request_deserializer=handler.request_deserializer,
            response_serializer=lambda answer: answer if isinstance(answer, bytes) else serialize(answer),
        )

    def _call(self, method: str, inner: Behaviour, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401
        with self._lock:
            orders = json.loads(self._orders.read_text())
        fault = orders.get("faults", {}).get(method)
        if fault:
            return self._fail(method, fault, context)
        kill = orders.get("kill")
        if not kill or getattr(request, "preview", False):
            return inner(request, context)
        mine = self._counted(method, kill["at"])
        if mine and kill["moment"] != "after":
            self._kill(kill["signals"])
        if mine and kill["moment"] == "lost":
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{method} was lost")
        answer = inner(request, context)
        if mine and kill["moment"] == "after":
            self._kill(kill["signals"])
        return answer

    def _counted(self, method: str, at: int | str) -> bool:
        """Whether this call is the one that is meant."""
        with self._lock:
            orders = json.loads(self._orders.read_text())
            calls = [*orders["calls"], method]
            draft = self._folder / "orders.new"
            draft.write_text(json.dumps({**orders, "calls": calls}))
            draft.replace(self._orders)  # it is read by the tests meanwhile
        return at in (len(calls), f"{method} {calls.count(method)}")

    def _kill(self, signals: list[int]) -> None:
        """Signal the engine; if that ends it at once, wait until it is gone."""
        pid = int((self._folder / "engine.pid").read_text())
        for number in signals:
            os.kill(pid, number)
        while (signal.SIGKILL in signals or len(signals) > 1) and running(pid):
            time.sleep(0.001)

    def _fail(self, method: str, fault: str, context: grpc.ServicerContext) -> bytes:
        (self._folder / "reached").touch()
        if fault == "refuse":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"the cloud refuses {method}")
        if fault == "die":
            sys.stderr.write("out of luck\n")
            sys.stderr.flush()
            os._exit(3)
        while fault == "hang" and self._orders.exists():
            time.sleep(0.05)
        return GARBAGE
