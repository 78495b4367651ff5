"""The plugin's gRPC service.

Written against Pulumi's public ResourceProvider protocol rather than `pulumi.provider.Provider`: that
class serves components (Construct, Call, Invoke) only and has no Check, Diff, Read, Update or Delete of
custom resources, no detailed diff, no unknowns at preview; and its asyncio server would block on boto3.
"""

# ruff: noqa: N802 - the methods are called as the protocol calls them

from __future__ import annotations

import importlib.metadata
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from datahall.sandbox.aws.plugin import check as checking
from datahall.sandbox.aws.plugin import config as configuration
from datahall.sandbox.aws.plugin import diff as diffing
from datahall.sandbox.aws.plugin import invokes, lifecycle, reading
from datahall.sandbox.aws.plugin.aws import Aws, NotSandboxError
from datahall.sandbox.aws.plugin.config import Settings
from datahall.sandbox.aws.plugin.errors import abort, hidden, reported
from datahall.sandbox.aws.plugin.naming import Proposal
from datahall.sandbox.aws.plugin.properties import (
    UNKNOWN,
    Properties,
    UnsupportedValueError,
    decode,
    encode,
)
from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.schema import Schema, schema
from datahall.sandbox.aws.plugin.shapes import absent
from datahall.sandbox.aws.plugin.table import Type
from datahall.sandbox.aws.plugin.types import TYPES

Message = Any
"""A protobuf message of the protocol, or a value of its enums: protobuf makes its classes at run time."""

VERSION = importlib.metadata.version("pulumi_aws")
WORKERS = 32
_MAX_MESSAGE = 400 * 1024 * 1024
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE),
    ("grpc.max_send_message_length", _MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
]
_MODES: dict[int, Any] = {0: "propose", 1: "enforce", 2: "disable"}


class Service(provider_pb2_grpc.ResourceProviderServicer):
    """ResourceProvider for the `aws` package, configured once or again and again; safe for threads.

    `access_key` carries the account that it works in.
    """

    def __init__(self, access_key: str) -> None:
        self._access_key = access_key
        self._settings: Settings | None = None
        self._aws: Aws | None = None
        self._cancelled = threading.Event()

    def Handshake(self, request: Message, context: grpc.ServicerContext) -> Message:
        """What this provider accepts."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    def GetPluginInfo(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The version of the SDK that the types are taken from."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The names of the supported types; their properties are those of the SDK's own classes."""
        text = json.dumps(
            {"name": "aws", "version": VERSION, "resources": {token: {} for token in sorted(TYPES)}}
        )
        return provider_pb2.GetSchemaResponse(schema=text)

    def Attach(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The engine's address; nothing here calls back."""
        return empty_pb2.Empty()

    def Cancel(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Ends all waiting."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Refuses configuration that the sandbox does not honour."""
        news = _decoded(request.news, context)
        failures = configuration.check(news.values)
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Changed configuration; another region replaces the provider and all that it made."""
        old = configuration.plain(_decoded(request.old_inputs or request.olds, context).values)
        new = configuration.plain(_decoded(request.news, context).values)
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        return provider_pb2.DiffResponse(
            changes=_changes(bool(changed)), diffs=changed, replaces=[n for n in changed if n == "region"]
        )

    def Configure(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Takes the configuration; the account is asked only if it restricts accounts."""
        values = _decoded(request.args, context).values
        if not values:  # engines of old send `aws:config:region` and so on
            values = {name.rsplit(":", 1)[-1]: value for name, value in request.variables.items()}
        refused = configuration.check(values)
        if refused:
            abort(context, grpc.StatusCode.INVALID_ARGUMENT, "; ".join(failure.reason for failure in refused))
        with reported(context, "configuring aws"):
            self._settings = configuration.settings(values)
            self._aws = self._settings.connect(self._access_key)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=True,
            acceptOutputs=True,
            supports_autonaming_configuration=True,
        )

    def Invoke(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Calls a function of the package; unsupported ones are refused by name."""
        with reported(context, f"calling {request.tok}"):
            args = decode(request.args).values
            if request.tok == "pulumi:pulumi:getResource":
                raise LookupError("not supported by the sandbox")
            settings, aws = self._connected()
            result, failures = invokes.invoke(request.tok, args, settings, aws)
            response = provider_pb2.InvokeResponse(failures=_failures(failures))
            getattr(response, "return").CopyFrom(encode(result))
            return response
        raise AssertionError  # abort() has raised

    def Check(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Validates and completes a resource's inputs."""
        row, declared = _row(request.urn, context)
        news, olds = _decoded(request.news, context), _decoded(request.olds, context)
        with reported(context, f"checking {row.type}"):
            settings, aws = self._connected()
            proposal = None
            if request.HasField("autonaming"):
                proposal = Proposal(request.autonaming.proposed_name, _MODES[request.autonaming.mode])
            question = checking.Question(
                urn=request.urn,
                news=news.values,
                olds=olds.values,
                secrets=frozenset(news.secrets),
                seed=bytes(request.randomSeed),
                proposal=proposal,
                default_tags=settings.default_tags,
            )
            checked = checking.check(row, declared, aws, question)
        if checked.failures:
            return provider_pb2.CheckResponse(failures=_failures(checked.failures))
        secrets = news.secrets | ({"tagsAll"} if "tags" in news.secrets else set())
        completed = encode(checked.inputs, secrets)
        for name, value in request.news.fields.items():  # as the program wrote them
            if name in checked.inputs and name not in (
                *row.json.split(),
                "tagsAll",
                checking.DEFAULTS,
                checking.TOKEN,
            ):
                completed.fields[name].CopyFrom(value)
        return provider_pb2.CheckResponse(inputs=completed)

    def Diff(self, request: Message, context: grpc.ServicerContext) -> Message:
        """A detailed diff of checked inputs."""
        row, declared = _row(request.urn, context)
        old = _decoded(request.old_inputs, context).values
        if not old:  # an engine that keeps no inputs: compare with the outputs of that name
            state = _decoded(request.olds, context).values
            old = {name: value for name, value in state.items() if name in declared.inputs}
        new = _decoded(request.news, context).values
        found = diffing.diff(row, declared, old, new, list(request.ignoreChanges))
        return provider_pb2.DiffResponse(
            changes=_changes(bool(found.changes)),
            diffs=sorted({path.split(".")[0].split("[")[0] for path in found.changes}),
            replaces=sorted({path.split(".")[0].split("[")[0] for path in found.replaces}),
            detailedDiff={
                path: provider_pb2.PropertyDiff(kind=_kind(kind, path in found.replaces), inputDiff=True)
                for path, kind in found.changes.items()
            },
            hasDetailedDiff=True,
            deleteBeforeReplace=found.delete_first,
        )

    def Create(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Creates a resource; at preview tells what is known of it."""
        given = _decoded(request.properties, context)
        run = self._run(request, context, new=given.values, timeout_s=request.timeout)
        if request.preview:
            planned = _planned(run, {})
            return provider_pb2.CreateResponse(properties=encode(planned, given.secrets))
        with reported(context, f"creating {run.row.type} {_name(request.urn)}", given):
            outputs = lifecycle.create(run)
        return provider_pb2.CreateResponse(id=run.id, properties=encode(outputs, hidden(given, outputs)))

    def Read(self, request: Message, context: grpc.ServicerContext) -> Message:
        """The live outputs and inputs; an empty id if the resource is gone."""
        given, state = _decoded(request.inputs, context), _decoded(request.properties, context)
        run = self._run(request, context, new=dict(given.values), state=state.values, id=request.id)
        if not given.values:
            run.new = {name: value for name, value in state.values.items() if name in run.schema.inputs}
        with reported(context, f"reading {run.row.type} {request.id}", given):
            outputs = lifecycle.read(run)
            if outputs is None:
                return provider_pb2.ReadResponse()
            run.new = given.values
            inputs = reading.inputs(run, outputs, state.values)
        secret = hidden(given, outputs) | state.secrets
        return provider_pb2.ReadResponse(
            id=run.id, properties=encode(outputs, secret), inputs=encode(inputs, secret & set(inputs))
        )

    def Update(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Applies changed inputs in place; at preview tells what is known of the result."""
        news, state = _decoded(request.news, context), _decoded(request.olds, context)
        old = _decoded(request.old_inputs, context).values
        run = self._run(request, context, new=news.values, state=state.values, id=request.id)
        run.timeout_s = request.timeout or run.timeout_s
        run.old = old or {name: value for name, value in state.values.items() if name in run.schema.inputs}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode(_planned(run, state.values), news.secrets))
        with reported(context, f"updating {run.row.type} {_name(request.urn)}", news):
            outputs = lifecycle.update(run)
        return provider_pb2.UpdateResponse(properties=encode(outputs, hidden(news, outputs)))

    def Delete(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Deletes a resource and waits until it is gone."""
        state, given = _decoded(request.properties, context), _decoded(request.old_inputs, context)
        run = self._run(request, context, state=state.values, id=request.id, timeout_s=request.timeout)
        known = {name: value for name, value in state.values.items() if name in run.schema.inputs}
        run.new = {**known, **given.values}
        run.old = run.new
        with reported(context, f"deleting {run.row.type} {request.id}", given):
            lifecycle.delete(run)
        return empty_pb2.Empty()

    def _connected(self) -> tuple[Settings, Aws]:
        if self._settings is None or self._aws is None:
            raise NotSandboxError("aws: not configured: the engine must call Configure first")
        return self._settings, self._aws

    def _run(self, request: Message, context: grpc.ServicerContext, **values: Message) -> Run:
        row, declared = _row(request.urn, context)
        with reported(context, row.type):
            settings, aws = self._connected()
            known = {**values.get("state", {}), **values.get("new", {})}
            region = known.get("region")
            timeout = values.pop("timeout_s", 0) or 900
            return Run(
                row=row,
                schema=declared,
                aws=aws,
                region=region if isinstance(region, str) and region else settings.region,
                urn=request.urn,
                default_tags=settings.default_tags,
                cancelled=self._cancelled,
                timeout_s=timeout,
                **values,
            )
        raise AssertionError  # abort() has raised


def serve(access_key: str) -> tuple[grpc.Server, int]:
    """Starts the service for an account on a free loopback port; returns the server and the port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Service(access_key), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _row(urn: str, context: grpc.ServicerContext) -> tuple[Type, Schema]:
    token = urn.split("::")[2].rsplit("$", 1)[-1]
    row = TYPES.get(token)
    if row is None:
        abort(context, grpc.StatusCode.UNIMPLEMENTED, f"{token}: the sandbox's aws provider has no such type")
    return row, schema(token)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _decoded(struct: struct_pb2.Struct, context: grpc.ServicerContext) -> Properties:
    try:
        return decode(struct)
    except UnsupportedValueError as error:
        abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))


def _failures(failures: list[checking.Failure]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=one.property, reason=one.reason) for one in failures]


def _changes(some: bool) -> Message:
    return provider_pb2.DiffResponse.DIFF_SOME if some else provider_pb2.DiffResponse.DIFF_NONE


def _kind(kind: diffing.Kind, replace: bool) -> Message:
    name = f"{kind.upper()}_REPLACE" if replace else kind.upper()
    return provider_pb2.PropertyDiff.Kind.Value(name)


def _planned(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    """Outputs at preview: what is given or stays is known, what AWS will tell is not."""
    planned = {}
    for name, property in run.schema.outputs.items():
        if name in run.new and name in run.schema.inputs:
            planned[name] = run.new[name]
        elif name == "region":
            planned[name] = run.region
        elif name == "tagsAll":
            planned[name] = run.new.get(name, {})
        elif state and name in run.row.moving.split():
            planned[name] = UNKNOWN
        elif state and name not in run.schema.inputs:
            planned[name] = state.get(name)
        elif property.optional:
            planned[name] = absent(property)
        else:
            planned[name] = state.get(name, UNKNOWN)
    return planned
