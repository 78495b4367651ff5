"""The plugin's gRPC service: Pulumi's ResourceProvider for one type, `baremetal:index:Hosts`.

Written against the protocol as the sandbox's plugins are: the SDK's own server knows no custom resources. A
dynamic provider would put its code, pickled, into the state.
"""

# ruff: noqa: N802 - the methods are called as the protocol calls them

from __future__ import annotations

import hashlib
import threading
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from datahall.baremetal import checks, converge, pool
from datahall.baremetal.converge import ConvergeFailed, State, Work
from datahall.baremetal.differences import differences
from datahall.baremetal.progress import EngineLog, Progress
from datahall.baremetal.run import Cancelled
from datahall.engine.values import UNKNOWN, Properties, contains_secret, contains_unknown, without_secrets
from datahall.engine.wire import from_struct, to_struct

TYPE: Final = "baremetal:index:Hosts"
VERSION: Final = "0.1.0"
_WORKERS: Final = 16
_KINDS: Final = provider_pb2.PropertyDiff.Kind.DESCRIPTOR.values_by_name
Message = Any
"""A protobuf message of the protocol, or a value of its enums: protobuf makes its classes at run time."""


class Service(provider_pb2_grpc.ResourceProviderServicer):
    """ResourceProvider; safe for threads."""

    def __init__(self, engine: str) -> None:
        self._log = EngineLog(engine)
        self._cancelled = threading.Event()
        self._busy = threading.Semaphore(_WORKERS)

    def end(self) -> None:
        """End every playbook that runs."""
        self._cancelled.set()
        for _ in range(_WORKERS):
            self._busy.acquire(timeout=5)

    def Handshake(self, request: Message, context: grpc.ServicerContext) -> Message:
        """What this provider accepts."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The one type; its properties are those of the component's class."""
        text = f'{{"name": "baremetal", "version": "{VERSION}", "resources": {{"{TYPE}": {{}}}}}}'
        return provider_pb2.GetSchemaResponse(schema=text)

    def Attach(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Another engine's log."""
        self._log.attach(request.address)
        self._cancelled.clear()
        return empty_pb2.Empty()

    def Cancel(self, request: Message, context: grpc.ServicerContext) -> Message:
        """End every playbook that runs."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Message, context: grpc.ServicerContext) -> Message:
        """There is nothing to configure."""
        given = sorted(set(request.news.fields) - {"version", "__internal"})
        failures = [
            provider_pb2.CheckFailure(property=name, reason="is no setting of baremetal; remove it")
            for name in given
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Message, context: grpc.ServicerContext) -> Message:
        """There is nothing that could differ."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Message, context: grpc.ServicerContext) -> Message:
        """What this provider accepts."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Every problem that can be seen from here; the digest of the playbooks as they are now."""
        news = from_struct(request.news)
        if request.type != TYPE:
            _abort(context, f"{request.type}: baremetal has {TYPE} only")
        plain = without_secrets(news)
        if contains_unknown(news):
            return provider_pb2.CheckResponse(inputs=request.news)
        hidden = sorted(name for name, value in news.items() if contains_secret(value))
        found = checks.problems(plain, hidden)
        if found:
            failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found]
            return provider_pb2.CheckResponse(failures=failures)
        asked = pool.read(plain)
        plain["digest"] = pool.content_digest(asked.playbooks, asked.vault_files)
        return provider_pb2.CheckResponse(inputs=to_struct(plain))

    def Diff(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The hosts that are due, and what of the inputs they are due for."""
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        found = differences(old, new, _state(from_struct(request.olds)))
        changes = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes,
            diffs=sorted({path.split(".")[0].split("[")[0] for path in found}),
            detailedDiff={
                path: provider_pb2.PropertyDiff(
                    kind=provider_pb2.PropertyDiff.Kind.Value(kind), inputDiff=given
                )
                for path, (kind, given) in found.items()
            },
            hasDetailedDiff=bool(found),
        )

    def Create(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Converge every host."""
        inputs, urn = from_struct(request.properties), request.urn
        id_ = f"{request.name}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"
        if request.preview:
            return provider_pb2.CreateResponse(properties=_planned(inputs))
        with self._at_work(context, inputs, urn, id_) as work:
            state = converge.converge(work, State())
        return provider_pb2.CreateResponse(id=id_, properties=_outputs(inputs, state))

    def Update(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Converge the hosts that are due; decommission those that go."""
        inputs, olds = from_struct(request.news), from_struct(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_planned(inputs))
        with self._at_work(context, inputs, request.urn, request.id) as work:
            before = {**inputs, "inventory": from_struct(request.old_inputs)["inventory"]}
            state = converge.converge(work, _state(olds), pool.read(before))
        return provider_pb2.UpdateResponse(properties=_outputs(inputs, state))

    def Read(self, request: Message, context: grpc.ServicerContext) -> Message:
        """What check mode would change."""
        inputs, known = from_struct(request.inputs), from_struct(request.properties)
        if not inputs.get("inventory"):
            _abort(context, f"{request.id}: a pool cannot be imported; declare it and run up")
        with self._at_work(context, inputs, request.urn, request.id) as work:
            state = converge.look(work, _state(known))
        return provider_pb2.ReadResponse(
            id=request.id, properties=_outputs(inputs, state), inputs=request.inputs
        )

    def Delete(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Decommission the hosts."""
        inputs = from_struct(request.old_inputs) or from_struct(request.properties)
        with self._at_work(context, inputs, request.urn, request.id) as work:
            try:
                converge.take_down(work, _state(from_struct(request.properties)))
            except ConvergeFailed as error:  # the protocol cannot record half a deletion
                raise ConvergeFailed(str(error)) from None
        return empty_pb2.Empty()

    @contextmanager
    def _at_work(
        self, context: grpc.ServicerContext, inputs: Properties, urn: str, id_: str
    ) -> Iterator[Work]:
        """What runs playbooks; what they fail of is told without a traceback, what is true is recorded."""
        with self._busy:
            found = checks.problems(inputs)
            if found:  # a check was made on another day, or on another machine
                _abort(context, "\n".join(f"{name}: {reason}" for name, reason in found))
            try:
                yield Work(pool.read(inputs), Progress(self._log, urn), self._cancelled)
            except Cancelled as error:
                context.abort(grpc.StatusCode.CANCELLED, str(error))
            except ConvergeFailed as error:
                if error.state is None:
                    _abort(context, str(error))
                context.abort_with_status(_partly(str(error), id_, inputs, error.state))


def serve(engine: str) -> tuple[Service, grpc.Server, int]:
    """Start the service on a free loopback port; `engine` is the address of the engine's log."""
    server = grpc.server(ThreadPoolExecutor(max_workers=_WORKERS), options=[("grpc.so_reuseport", 0)])
    service = Service(engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return service, server, port


def _state(outputs: Properties) -> State:
    return State(outputs.get("converged") or {}, outputs.get("drift") or {})


def _outputs(inputs: Properties, state: State) -> struct_pb2.Struct:
    drift = {host: list(tasks) for host, tasks in state.drift.items()}
    return to_struct({**inputs, "converged": dict(state.converged), "drift": drift})


def _planned(inputs: Properties) -> struct_pb2.Struct:
    return to_struct({**inputs, "converged": UNKNOWN, "drift": UNKNOWN})


class _Status(namedtuple("_Status", "code details trailing_metadata"), grpc.Status):
    """A gRPC status with details, as grpc.ServicerContext.abort_with_status takes it."""


def _partly(text: str, id_: str, inputs: Properties, state: State) -> _Status:
    """The protocol's way to say that the resource exists all the same (ErrorResourceInitFailed)."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=id_, properties=_outputs(inputs, state), inputs=to_struct(inputs), reasons=[text]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
    status.details.add().Pack(detail)
    return _Status(grpc.StatusCode.UNKNOWN, text, (("grpc-status-details-bin", status.SerializeToString()),))


def _abort(context: grpc.ServicerContext, text: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError  # abort() has raised
