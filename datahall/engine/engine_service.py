# ruff: noqa: N802 - the methods are called as the protocol calls them
"""The Engine service: logs and the root resource."""

from __future__ import annotations

import threading
from typing import NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from datahall.engine.call_failed import CallFailed
from datahall.engine.eventlog import EventLog
from datahall.engine.events import Diagnostic, Severity
from datahall.engine.features import NOT_SUPPORTED
from datahall.engine.required_version import wrong_with

_SEVERITIES: dict[int, Severity] = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class EngineService(engine_pb2_grpc.EngineServicer):
    """Serves programs, plugins and policy packs."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._root = ""
        self._errors = 0

    @property
    def errors(self) -> int:
        """How many errors were logged; a run with one has failed."""
        with self._lock:
            return self._errors

    def Log(
        self, request: engine_pb2.LogRequest, context: grpc.ServicerContext | None = None
    ) -> empty_pb2.Empty:
        """Pass a message on."""
        severity = _SEVERITIES.get(request.severity, "info")
        if severity == "error":
            with self._lock:
                self._errors += 1
        message = Diagnostic(
            severity, request.message, request.urn or None, request.streamId, request.ephemeral
        )
        self._events.emit(message)
        return empty_pb2.Empty()

    def StartDebugging(
        self, request: engine_pb2.StartDebuggingRequest, context: grpc.ServicerContext | None = None
    ) -> empty_pb2.Empty:
        """Refused: nothing here would attach to a program that waits for a debugger."""
        _refuse(grpc.StatusCode.UNIMPLEMENTED, f"debuggers: {NOT_SUPPORTED}", context)

    def RequirePulumiVersion(
        self, request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext | None = None
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Refuse a program that asks for another version."""
        wrong = wrong_with(request.pulumi_version_range)
        if wrong:
            told = f"Pulumi version {request.pulumi_version_range}: {wrong}"
            _refuse(grpc.StatusCode.FAILED_PRECONDITION, told, context)
        return engine_pb2.RequirePulumiVersionResponse()

    def GetRootResource(
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        """The stack's URN."""
        with self._lock:
            return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN."""
        with self._lock:
            self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


def _refuse(code: grpc.StatusCode, told: str, context: grpc.ServicerContext | None) -> NoReturn:
    if context is None:  # it was called without a connection
        raise CallFailed(code, told)
    context.abort(code, told)
    raise AssertionError(told)  # abort raises
