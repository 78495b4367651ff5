# ruff: noqa: N802 - the methods are called as the protocol calls them
"""A cloud in memory behind a real provider protocol; its inventory is the fuzzer's oracle.

Inputs of a Thing: `kind` replaces it, `plot` replaces it by deleting first, anything else changes in place.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

Context = grpc.ServicerContext
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SOME = provider_pb2.DiffResponse.DIFF_SOME
NONE = provider_pb2.DiffResponse.DIFF_NONE


Method = Literal["create", "update", "delete", "diff", "check", "read"]
METHODS: tuple[Method, ...] = (
    *("create", "create", "update", "delete", "delete"),
    *("diff", "check", "read", "read"),
)
FaultKind = Literal[
    "refused",
    "partial",
    "empty",
    "garbage",
    "lost",
    "unheard",
    "dies before",
    "dies after",
    "hangs before",
    "hangs after",
    "killed before",
    "killed after",
]
KINDS: tuple[FaultKind, ...] = (
    *("refused", "refused", "refused", "partial", "partial", "empty", "garbage", "lost", "unheard"),
    *("dies before", "dies after", "hangs before", "hangs after", "killed before", "killed after"),
)
UNCLEAR = frozenset(KINDS) - {"refused", "partial"}
HANGS = frozenset({"hangs before", "hangs after"})
GARBAGE = b"\xff\xff\xff"


@dataclass(frozen=True)
class Fault:
    """The `call`-th call of `method` fails.

    It is refused; or done in part, which leaves what is not ready; or done, and the answer is an empty
    message (where that is no lie: of Create, Update, Diff), or no message, or lost; or it is never heard of;
    or the provider dies of it, for all calls to come, or hangs until the engine gives up, before or after it
    is done; or the engine is killed then: nothing more is done, and what the state is on disk at that moment
    is kept.
    """

    method: Method
    call: int
    kind: FaultKind = "refused"


class NoMessageError(Exception):
    """The answer is none."""


class Garbled(grpc.ServerInterceptor):
    """Answers with what is no message where the method says so."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        inner: Callable[[Any, Context], Any] = handler.unary_unary
        serialize: Callable[[Any], bytes] = handler.response_serializer or bytes

        def call(request: Any, context: Context) -> Any:  # noqa: ANN401 - of whichever method
            try:
                return inner(request, context)
            except NoMessageError:
                return GARBAGE

        return grpc.unary_unary_rpc_method_handler(
            call,
            request_deserializer=handler.request_deserializer,
            response_serializer=lambda answer: answer if answer is GARBAGE else serialize(answer),
        )


def data(message: struct_pb2.Struct) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(message)
    return found


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(values)
    return result


class Cloud(provider_pb2_grpc.ResourceProviderServicer):
    """Things by id: their inputs. `changes` counts the calls that changed, or would have changed, something.

    A thing is made once for a label, which Check gives it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ids = itertools.count()
        self.reset()

    def reset(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.urns: dict[str, str] = {}
        self.wrong: list[str] = []
        self.changes = 0
        self.arm(())

    def plant(self, id_: str, **inputs: str | int) -> None:
        """Something that is there, and not the engine's doing."""
        self.things[id_] = {"size": 1, "kind": "oak", "plot": "a", "label": f"planted-{id_}", **inputs}

    def arm(self, faults: tuple[Fault, ...], state: Callable[[], dict[Path, bytes]] = dict) -> None:
        """Faults from now on; calls are counted anew. `state` is what lies on disk."""
        self._faults = {(fault.method, fault.call): fault.kind for fault in faults}
        self._calls: Counter[str] = Counter()
        self._state = state
        self.killed: dict[Path, bytes] | None = None
        self._dead = False

    def _counted(self, method: Method) -> FaultKind | None:
        with self._lock:
            number = self._calls[method]
            self._calls[method] += 1
            self.changes += method in ("create", "update", "delete")
            return self._faults.get((method, number))

    @contextmanager
    def _doing(self, method: Method, context: Context) -> Iterator[FaultKind | None]:
        """The call's own fault, before it is done or after; inside, it is known for what the method does."""
        kind = self._counted(method)
        if kind == "hangs before":
            _hang(context)
        with self._lock:
            if kind == "killed before" and self.killed is None:
                self.killed = self._state()
            if self.killed is not None:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is gone")
            self._dead |= kind == "dies before"
            if kind == "unheard" or self._dead:
                context.abort(grpc.StatusCode.UNAVAILABLE, f"fault in {method}: unheard")
            if kind == "refused":
                context.abort(grpc.StatusCode.INTERNAL, f"fault in {method}")
            yield kind
            self._dead |= kind == "dies after"
            if kind == "killed after":
                self.killed = self._state()
            if kind in ("lost", "dies after", "killed after"):
                context.abort(grpc.StatusCode.UNAVAILABLE, f"fault in {method}: lost")
        if kind == "hangs after":
            _hang(context)
        if kind == "garbage":
            raise NoMessageError

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="1.2.3")

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        old, new = data(request.old_inputs), data(request.news)
        if old.get("region") != new.get("region"):
            return provider_pb2.DiffResponse(changes=SOME, replaces=["region"], diffs=["region"])
        return provider_pb2.DiffResponse(changes=SOME if old != new else NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        with self._doing("check", context):
            news, olds = data(request.news), data(request.olds)
            label = news.get("label") or olds.get("label") or request.randomSeed.hex()[:12]
            return provider_pb2.CheckResponse(inputs=struct({**news, "label": label}))

    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        with self._doing("diff", context) as fault:
            old, new = data(request.old_inputs), data(request.news)
            ignored = set(request.ignoreChanges)
            changed = sorted(k for k in {*old, *new} - ignored if old.get(k) != new.get(k))
            if fault == "empty":
                return provider_pb2.DiffResponse()
            return provider_pb2.DiffResponse(
                changes=SOME if changed else NONE,
                diffs=changed,
                replaces=[key for key in changed if key in ("kind", "plot")],
                deleteBeforeReplace="plot" in changed,
            )

    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        inputs = data(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct({**inputs, "serial": UNKNOWN}))
        with self._doing("create", context) as fault:
            known = (id_ for id_, thing in self.things.items() if thing["label"] == inputs["label"])
            id_ = next(known, None) or f"i{next(self._ids)}"
            self.things[id_], self.urns[id_] = inputs, request.urn
            outputs = {**inputs, "serial": f"s-{id_}"}
            if fault == "partial":
                _half_way(context, id_, outputs)
        if fault == "empty":
            return provider_pb2.CreateResponse()
        return provider_pb2.CreateResponse(id=id_, properties=struct(outputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        inputs = data(request.news)
        outputs = {**inputs, "serial": f"s-{request.id}"}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct(outputs))
        with self._doing("update", context) as fault:
            if request.id not in self.things:
                self.wrong.append(f"update of {request.id}, which is not there")
            self.things[request.id] = inputs
            if fault == "partial":
                _half_way(context, request.id, outputs)
        if fault == "empty":
            return provider_pb2.UpdateResponse()
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        with self._doing("read", context) as fault:
            inputs = self.things.get(request.id)
            if inputs is None:
                return provider_pb2.ReadResponse()
            outputs = {**inputs, "serial": f"s-{request.id}"}
            if fault == "partial":
                _half_way(context, request.id, outputs, inputs)
        return provider_pb2.ReadResponse(id=request.id, properties=struct(outputs), inputs=struct(inputs))

    def drift(self, index: int, *, gone: bool, spared: Collection[str]) -> None:
        """Something happens to a thing that the engine did not do."""
        found = sorted(self.things.keys() - spared)
        if not found:
            return
        id_ = found[index % len(found)]
        if gone:
            del self.things[id_]
        else:
            self.things[id_] = {**self.things[id_], "size": 9}

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        with self._doing("delete", context):
            if self.things.pop(request.id, None) is None:
                self.wrong.append(f"delete of {request.id}, which is not there")
        return empty_pb2.Empty()


def _hang(context: Context) -> NoReturn:
    """Until the engine gives up; a minute is long enough for it to have not."""
    given_up = threading.Event()
    if context.add_callback(given_up.set):
        given_up.wait(60)
    context.abort(grpc.StatusCode.CANCELLED, "given up")


def _half_way(
    context: Context, id_: str, outputs: dict[str, Any], inputs: dict[str, Any] | None = None
) -> NoReturn:
    failure = provider_pb2.ErrorResourceInitFailed(id=id_, properties=struct(outputs), reasons=["not ready"])
    if inputs is not None:
        failure.inputs.CopyFrom(struct(inputs))
    detail = any_pb2.Any()
    detail.Pack(failure)
    status = status_pb2.Status(code=2, message="not ready", details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, "not ready")


@contextmanager
def serving() -> Iterator[tuple[Cloud, int]]:
    """A cloud and the port of its provider, in this process."""
    cloud = Cloud()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), interceptors=[Garbled()])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(cloud, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield cloud, port
    finally:
        server.stop(None).wait()
