# ruff: noqa: N802 - the methods are called as the protocol calls them
"""A remote component of the test cloud, made without an SDK: a Yard has a shed, and measures it."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

YARD = "cloud:index:Yard"


def struct(data: dict[str, Any]) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(data)
    return result


class Yards:
    """The calls of a provider that are about components."""

    def Construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        if request.type != YARD:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
            try:
                yard = monitor.RegisterResource(
                    resource_pb2.RegisterResourceRequest(
                        type=request.type,
                        name=request.name,
                        parent=request.parent,
                        acceptSecrets=True,
                        parentStackTraceHandle=request.stack_trace_handle,
                    )
                )
                shed = monitor.RegisterResource(
                    resource_pb2.RegisterResourceRequest(
                        type="cloud:index:Thing",
                        name=f"{request.name}-shed",
                        parent=yard.urn,
                        custom=True,
                        object=request.inputs,
                        version="1.2.3",
                        acceptSecrets=True,
                        parentStackTraceHandle=request.stack_trace_handle,
                    )
                )
                outputs = struct({"area": shed.object.fields["area"].number_value})
                monitor.RegisterResourceOutputs(
                    resource_pb2.RegisterResourceOutputsRequest(urn=yard.urn, outputs=outputs)
                )
            except grpc.RpcError as error:
                context.abort(grpc.StatusCode.UNKNOWN, f"the yard: {error.details()}")
        return provider_pb2.ConstructResponse(urn=yard.urn, state=outputs)

    def Call(
        self, request: provider_pb2.CallRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CallResponse:
        if not request.tok.startswith(f"{YARD}/"):
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")
        answer: dict[str, Any] = {"return": struct({"text": "measured"})}  # `return` is a keyword
        return provider_pb2.CallResponse(**answer)
