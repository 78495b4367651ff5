"""A provider that does nothing, so that what is measured is the engine."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import (
    ResourceProviderServicer,
    add_ResourceProviderServicer_to_server,
)

_Context = grpc.ServicerContext


class Noop(ResourceProviderServicer):
    """Takes what it is given, and answers at once."""

    def GetPluginInfo(self, request: Empty, context: _Context) -> plugin_pb2.PluginInfo:  # noqa: N802 - gRPC's name
        """Return the version."""
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request: pb.CheckRequest, context: _Context) -> pb.CheckResponse:  # noqa: N802 - gRPC's name
        """Take any configuration."""
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: pb.DiffRequest, context: _Context) -> pb.DiffResponse:  # noqa: N802 - gRPC's name
        """Find no change."""
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)

    def Configure(self, request: pb.ConfigureRequest, context: _Context) -> pb.ConfigureResponse:  # noqa: N802 - gRPC's name
        """Accept secrets and previews."""
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: pb.CheckRequest, context: _Context) -> pb.CheckResponse:  # noqa: N802 - gRPC's name
        """Take any inputs."""
        return pb.CheckResponse(inputs=request.news)

    def Diff(self, request: pb.DiffRequest, context: _Context) -> pb.DiffResponse:  # noqa: N802 - gRPC's name
        """Find a change where the inputs differ."""
        changed = request.olds != request.news
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE)

    def Create(self, request: pb.CreateRequest, context: _Context) -> pb.CreateResponse:  # noqa: N802 - gRPC's name
        """Return the inputs, the resource's name as its id."""
        return pb.CreateResponse(id=request.urn.rsplit("::", maxsplit=1)[-1], properties=request.properties)

    def Delete(self, request: pb.DeleteRequest, context: _Context) -> Empty:  # noqa: N802 - gRPC's name
        """Do nothing."""
        return Empty()

    def Cancel(self, request: Empty, context: _Context) -> Empty:  # noqa: N802 - gRPC's name
        """Do nothing."""
        return Empty()


server = grpc.server(ThreadPoolExecutor(max_workers=32))
add_ResourceProviderServicer_to_server(Noop(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
sys.stdout.write(f"{port}\n")
sys.stdout.flush()
server.wait_for_termination()
