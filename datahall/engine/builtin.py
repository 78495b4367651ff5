# ruff: noqa: N802 - the methods are called as the protocol calls them
"""The provider `pulumi` of the engine itself: stack references, stashes, and the resources of this run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from datahall.engine.errors import EngineError
from datahall.engine.references import References
from datahall.engine.state import ResourceState
from datahall.engine.values import Properties
from datahall.engine.wire import from_struct, to_struct

PACKAGE = "pulumi"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
STASH = "pulumi:index:Stash"
_INPUTS: Final[Mapping[str, str]] = {STACK_REFERENCE: "name", STASH: "input"}  # the one that each has
_REPLACING = frozenset({STACK_REFERENCE})

Lookup = Callable[[str], ResourceState | None]


class Builtin(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the types above; `lookup` finds a resource that this run has dealt with, by its URN."""

    def __init__(self, references: References, lookup: Lookup) -> None:
        self._references = references
        self._functions: Mapping[str, Callable[[Properties], Properties]] = {
            "pulumi:pulumi:readStackOutputs": lambda args: references.outputs(args.get("name")),
            "pulumi:pulumi:readStackResourceOutputs": lambda args: references.resource_outputs(
                args.get("stackName")
            ),
            "pulumi:pulumi:getResource": lambda args: _resource(lookup, str(args.get("urn", ""))),
        }

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """It has no version of its own."""
        return plugin_pb2.PluginInfo()

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Any configuration is as good."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Its configuration means nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Secrets and references come and go as such."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Each type has one input, and no other."""
        wanted = _INPUTS.get(request.type)
        if wanted is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.type}: no built-in resource")
        failures = [
            provider_pb2.CheckFailure(property=key, reason=f"unknown property; only {wanted} is known")
            for key in sorted(request.news.fields)
            if key != wanted
        ]
        if wanted not in request.news.fields:
            failures.append(provider_pb2.CheckFailure(property=wanted, reason="missing"))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """A stash takes another input over; another stack is another reference."""
        key = _INPUTS[request.type]
        if from_struct(request.old_inputs).get(key) == from_struct(request.news).get(key):
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replaces = [key] if request.type in _REPLACING else []
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=[key], replaces=replaces
        )

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """A stash keeps its first input as its output."""
        inputs = from_struct(request.properties)
        if request.type == STASH:
            outputs: Properties = {"input": inputs["input"], "output": inputs["input"]}
        else:
            outputs = self._read(lambda: self._references.outputs(inputs.get("name")), context)
        id_ = "" if request.preview else str(uuid.uuid4())
        return provider_pb2.CreateResponse(id=id_, properties=to_struct(outputs))

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Of a stash: another input, the same output."""
        olds = from_struct(request.olds)
        outputs = {"input": from_struct(request.news)["input"], "output": olds.get("output")}
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """There is nothing but the record."""
        return empty_pb2.Empty()

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """A stack reference has the outputs that its stack has now; a stash is as it is recorded."""
        inputs = from_struct(request.inputs)
        if _INPUTS.get(request.type) not in inputs:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.type}: cannot be read by an id")
        read = from_struct(request.properties)
        if request.type == STACK_REFERENCE:
            read = self._read(lambda: self._references.outputs(inputs["name"]), context)
            inputs = {"name": read["name"]}
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(read), inputs=to_struct(inputs))

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """The functions that SDKs call: other stacks' outputs, and a resource of this run."""
        function = self._functions.get(request.tok)
        if function is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: no built-in function")
        arguments = from_struct(request.args)
        answer: dict[str, Any] = {"return": to_struct(self._read(lambda: function(arguments), context))}
        return provider_pb2.InvokeResponse(**answer)  # `return` is a keyword

    def _read(self, work: Callable[[], Properties], context: grpc.ServicerContext) -> Properties:
        try:
            return work()
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _resource(lookup: Lookup, urn: str) -> Properties:
    state = lookup(urn)
    if state is None:
        raise EngineError(f"urn: {urn}: no resource that this run has registered or read")
    return {"urn": urn, "id": state.id, "provider": state.provider, "state": state.outputs}
