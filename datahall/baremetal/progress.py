"""What a pool's converge does, told to the engine while it is done."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_PATIENCE_S: Final = 5
Severity = Literal["info", "warning"]
_SEVERITIES: Final = {"info": engine_pb2.INFO, "warning": engine_pb2.WARNING}


class EngineLog:
    """The log of the engine that this plugin works for, which may change (`attach`)."""

    def __init__(self, address: str) -> None:
        self._stub: engine_pb2_grpc.EngineStub | None = None
        if address:
            self.attach(address)

    def attach(self, address: str) -> None:
        """Talk to the engine at this address from now on."""
        channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._stub = engine_pb2_grpc.EngineStub(channel)

    def say(self, urn: str, text: str, *, severity: Severity = "info", passing: bool = False) -> None:
        """Tell; `passing` is of use only while it is done. An engine that is gone hears nothing."""
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(
            severity=_SEVERITIES[severity], message=text, urn=urn, ephemeral=passing
        )
        with suppress(grpc.RpcError):
            self._stub.Log(request, timeout=_PATIENCE_S)


@dataclass(frozen=True)
class Progress:
    """The log for one resource."""

    log: EngineLog
    urn: str

    def passing(self, text: str) -> None:
        """What is being done now."""
        self.log.say(self.urn, text, passing=True)

    def say(self, text: str) -> None:
        """What was done."""
        self.log.say(self.urn, text)

    def warn(self, text: str) -> None:
        """What somebody should look at."""
        self.log.say(self.urn, text, severity="warning")
