# ruff: noqa: N802 - the methods are called as the protocol calls them
"""A cloud in memory behind a real provider protocol; its inventory is the fuzzer's oracle.

Inputs of a Thing: `kind` replaces it, `plot` replaces it by deleting first, anything else changes in place.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

Context = grpc.ServicerContext
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SOME = provider_pb2.DiffResponse.DIFF_SOME
NONE = provider_pb2.DiffResponse.DIFF_NONE


@dataclass(frozen=True)
class Fault:
    """The `call`-th call of `method` fails; a partial failure leaves a thing that is not ready."""

    method: str
    call: int
    partial: bool = False


def data(message: struct_pb2.Struct) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(message)
    return found


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(values)
    return result


class Cloud(provider_pb2_grpc.ResourceProviderServicer):
    """Things by id. `changes` counts the calls that changed, or would have changed, something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count()
        self.reset()

    def reset(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []
        self.changes = 0
        self.arm(())

    def arm(self, faults: tuple[Fault, ...]) -> None:
        """Faults from now on; calls are counted anew."""
        self._faults = {(fault.method, fault.call): fault for fault in faults}
        self._calls: Counter[str] = Counter()

    def _fault(self, method: str, context: Context) -> bool:
        """Whether the call must fail half way; one that must fail whole does so here."""
        with self._lock:
            number = self._calls[method]
            self._calls[method] += 1
            self.changes += method in ("create", "update", "delete")
        fault = self._faults.get((method, number))
        if fault is not None and not fault.partial:
            context.abort(grpc.StatusCode.INTERNAL, f"fault in {method}")
        return fault is not None

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
        self._fault("check", context)
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        self._fault("diff", context)
        old, new = data(request.old_inputs), data(request.news)
        ignored = set(request.ignoreChanges)
        changed = sorted(k for k in {*old, *new} - ignored if old.get(k) != new.get(k))
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
        half = self._fault("create", context)
        with self._lock:
            id_ = f"i{next(self._ids)}"
            self.things[id_] = inputs
        outputs = {**inputs, "serial": f"s-{id_}"}
        if half:
            _half_way(context, id_, outputs)
        return provider_pb2.CreateResponse(id=id_, properties=struct(outputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        inputs = data(request.news)
        outputs = {**inputs, "serial": f"s-{request.id}"}
        if not request.preview:
            half = self._fault("update", context)
            with self._lock:
                if request.id not in self.things:
                    self.wrong.append(f"update of {request.id}, which is not there")
                self.things[request.id] = inputs
            if half:
                _half_way(context, request.id, outputs)
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        half = self._fault("read", context)
        inputs = self.things.get(request.id)
        if inputs is None:
            return provider_pb2.ReadResponse()
        outputs = {**inputs, "serial": f"s-{request.id}"}
        if half:
            _half_way(context, request.id, outputs, inputs)
        return provider_pb2.ReadResponse(id=request.id, properties=struct(outputs), inputs=struct(inputs))

    def drift(self, index: int, *, gone: bool) -> None:
        """Something happens to a thing that the engine did not do."""
        if not self.things:
            return
        id_ = sorted(self.things)[index % len(self.things)]
        if gone:
            del self.things[id_]
        else:
            self.things[id_] = {**self.things[id_], "size": 9}

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        self._fault("delete", context)
        with self._lock:
            if self.things.pop(request.id, None) is None:
                self.wrong.append(f"delete of {request.id}, which is not there")
        return empty_pb2.Empty()


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
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(cloud, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield cloud, port
    finally:
        server.stop(None).wait()
