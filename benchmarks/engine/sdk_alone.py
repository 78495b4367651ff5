"""The SDK with nothing behind it: `sdk_alone.py PROGRAM [--connected]`."""

import asyncio
import runpy
import subprocess
import sys
from typing import Any

import pulumi.runtime
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

program, *options = sys.argv[1:]


class Nothing(Mocks):
    """Every resource is as it was asked for."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return the name as the id, the inputs as the outputs."""
        return args.name, dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Return nothing."""
        return {}, None


def served() -> None:
    """Serve the mocks; print the port."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for this alone

    import grpc  # noqa: PLC0415
    from pulumi.runtime.proto import resource_pb2_grpc  # noqa: PLC0415

    monitor: Any = MockMonitor(Nothing())

    class Server(resource_pb2_grpc.ResourceMonitorServicer):
        def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
            return monitor.GetDeploymentInfo(request)

        def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
            return monitor.RegisterResource(request)

        def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
            return monitor.RegisterResourceOutputs(request)

    server = grpc.server(ThreadPoolExecutor(max_workers=72))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Server(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()


def user_program() -> None:
    """Run the program."""
    runpy.run_path(program)


def run(monitor: Any = None) -> None:  # noqa: ANN401 - a stub or a mock
    """Run the program to its end."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(Nothing(), project="bench", stack="bench", monitor=monitor)
    pulumi.runtime.settings.ROOT.set(None)  # mocks make a stack; the program's own is to be made
    loop.run_until_complete(pulumi.runtime.run_in_stack(user_program))


if "--serve" in options:
    served()
elif "--connected" in options:
    command = [sys.executable, __file__, program, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        import grpc
        from pulumi.runtime.proto import resource_pb2_grpc

        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            run(resource_pb2_grpc.ResourceMonitorStub(channel))
        assert process.stdin is not None
        process.stdin.close()
else:
    run()
