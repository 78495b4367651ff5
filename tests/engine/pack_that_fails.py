# ruff: noqa: N802 - the methods are called as the protocol calls them
"""A policy pack made without its SDK, whose calls fail as PACK_FAULT says ("Analyze die")."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

CALL, _, FAULT = os.environ["PACK_FAULT"].partition(" ")
POLICY = analyzer_pb2.PolicyInfo(name="rule", enforcementLevel=analyzer_pb2.REMEDIATE)


class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    """Has one rule, which holds."""

    def GetAnalyzerInfo(self, request: empty_pb2.Empty, context: object) -> analyzer_pb2.AnalyzerInfo:
        return analyzer_pb2.AnalyzerInfo(
            name="failing",
            policies=[POLICY],
            initialConfig={"rule": analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.REMEDIATE)},
        )

    def Configure(self, request: object, context: object) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def ConfigureStack(self, request: object, context: object) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(self, request: object, context: object) -> analyzer_pb2.AnalyzeResponse:
        return analyzer_pb2.AnalyzeResponse()

    def AnalyzeStack(self, request: object, context: object) -> analyzer_pb2.AnalyzeResponse:
        return analyzer_pb2.AnalyzeResponse()

    def Remediate(self, request: object, context: object) -> analyzer_pb2.RemediateResponse:
        return analyzer_pb2.RemediateResponse()


def nonsense() -> Any:  # noqa: ANN401 - of whatever call
    """A message with a level that there is not."""
    if CALL == "GetAnalyzerInfo":
        wrong = analyzer_pb2.PolicyInfo(name="rule", enforcementLevel=99)  # type: ignore[arg-type]
        return analyzer_pb2.AnalyzerInfo(name="failing", policies=[wrong])
    found = analyzer_pb2.AnalyzeDiagnostic(policyName="rule", enforcementLevel=99)  # type: ignore[arg-type]
    return analyzer_pb2.AnalyzeResponse(diagnostics=[found])


def fail(request: object, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - of whatever call
    if FAULT == "refuse":
        context.abort(grpc.StatusCode.INTERNAL, "the pack is out of sorts")
    while FAULT == "hang":
        time.sleep(0.05)
    if FAULT == "die":
        sys.stderr.write("out of luck\n")
        sys.stderr.flush()
        os._exit(3)
    return b"\xff\xff\xff" if FAULT == "garbage" else nonsense()


class Failing(grpc.ServerInterceptor):
    """Fails the one call."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = continuation(handler_call_details)
        if handler is None or not handler_call_details.method.endswith(f"/{CALL}"):
            return handler
        serialize = handler.response_serializer
        assert serialize is not None
        return grpc.unary_unary_rpc_method_handler(
            fail,
            request_deserializer=handler.request_deserializer,
            response_serializer=lambda answer: answer if isinstance(answer, bytes) else serialize(answer),
        )


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), interceptors=[Failing()])
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Pack(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()
