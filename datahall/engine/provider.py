"""A provider plugin's calls, with property values as Python data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from datahall.engine.errors import ProviderFailed, Unsupported
from datahall.engine.events import DiffKind
from datahall.engine.property_errors import wrong_properties
from datahall.engine.state import ResourceState
from datahall.engine.urn import name_of
from datahall.engine.values import (
    Properties,
    contains_unknown,
    mark_secrets,
    without_secrets,
)
from datahall.engine.wire import Accepts, from_struct, to_struct

_R = TypeVar("_R")
_CANCEL_SECONDS = 5
# The call did not come to its end as far as we know: what it was to do may or may not be done.
_UNCLEAR = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
_KINDS: Mapping[int, DiffKind] = {
    provider_pb2.PropertyDiff.ADD: "add",
    provider_pb2.PropertyDiff.ADD_REPLACE: "add-replace",
    provider_pb2.PropertyDiff.DELETE: "delete",
    provider_pb2.PropertyDiff.DELETE_REPLACE: "delete-replace",
    provider_pb2.PropertyDiff.UPDATE: "update",
    provider_pb2.PropertyDiff.UPDATE_REPLACE: "update-replace",
}


@dataclass(frozen=True)
class ProviderDiff:
    """What a provider says about a change; `changes` None means that it does not know.

    `detailed` maps a property path to the kind of change and whether it is one of inputs.
    """

    changes: bool | None = None
    replaces: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    detailed: dict[str, tuple[DiffKind, bool]] = field(default_factory=dict)
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Checked:
    """Inputs with the provider's defaults, or what is wrong with them as (property, reason)."""

    inputs: Properties
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A resource after a call; `errors` are told when it exists but did not become ready."""

    id: str
    outputs: Properties
    inputs: Properties | None = None
    errors: tuple[str, ...] = ()


def own_config(inputs: Properties) -> Properties:
    """A provider's configuration without what engines keep in it for themselves."""
    return {key: value for key, value in inputs.items() if key != "__internal"}


class Provider:
    """A configured (or, with unknown configuration, unconfigured) provider plugin."""

    def __init__(self, name: str, channel: grpc.Channel, last_words: Callable[[], str] | None = None) -> None:
        self.name = name
        self._stub = provider_pb2_grpc.ResourceProviderStub(channel)
        self._last_words = last_words
        self._accepts = Accepts(secrets=True, resources=True)
        self.accepts_outputs = False
        self.bound = False  # it talks to the engine that started it: not for another operation
        self._supports_preview = False
        self.configured = False

    # -- the plugin itself -------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ask the plugin to end what it is doing; a plugin that cannot is none the worse."""
        with suppress(grpc.RpcError, ValueError):
            self._stub.Cancel(empty_pb2.Empty(), timeout=_CANCEL_SECONDS)

    def version(self) -> str:
        """The plugin's version, empty if it does not tell."""
        try:
            info: plugin_pb2.PluginInfo = self._stub.GetPluginInfo(empty_pb2.Empty())
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return ""
            raise self._failure("GetPluginInfo", error) from None
        return info.version

    def check_config(self, urn: str, olds: Properties, news: Properties) -> Checked:
        """Check a provider's own configuration."""
        request = provider_pb2.CheckRequest(
            urn=urn, olds=to_struct(own_config(olds)), news=to_struct(own_config(news))
        )
        try:
            response = self._stub.CheckConfig(request)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return Checked(news)
            raise self._failure("CheckConfig", error, urn) from None
        failures = tuple((f.property, f.reason) for f in response.failures)
        return Checked(from_struct(response.inputs) if response.HasField("inputs") else news, failures)

    def diff_config(self, urn: str, old: ResourceState, news: Properties) -> ProviderDiff:
        """Compare a provider's configuration with the recorded one."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            id=old.id,
            olds=to_struct(own_config(old.outputs or old.inputs)),
            old_inputs=to_struct(own_config(old.inputs)),
            news=to_struct(own_config(news)),
        )
        try:
            return _diff(self._stub.DiffConfig(request))
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return ProviderDiff()
            raise self._failure("DiffConfig", error, urn) from None

    def configure(self, state: ResourceState, package: str) -> None:
        """Configure the plugin; with anything unknown it stays unconfigured."""
        if contains_unknown(state.inputs):
            return
        variables = {
            f"{package}:config:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in without_secrets(own_config(state.inputs)).items()
            if key != "version"
        }
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=to_struct(own_config(state.inputs)),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            urn=state.urn,
            name=state.name,
            type=state.type,
            id=state.id,
        )
        try:
            response = self._stub.Configure(request)
        except grpc.RpcError as error:
            raise self._failure("Configure", error, state.urn) from None
        self._accepts = Accepts(secrets=response.acceptSecrets, resources=response.acceptResources)
        self.accepts_outputs = response.acceptOutputs
        self._supports_preview = response.supportsPreview
        self.configured = True

    # -- resources ---------------------------------------------------------------------------------

    def check(self, urn: str, type_: str, olds: Properties | None, news: Properties, seed: bytes) -> Checked:
        """Check a resource's inputs; the provider may add defaults."""
        if not self.configured:
            return Checked(news)
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=name_of(urn),
            type=type_,
            news=to_struct(news, self._accepts),
            randomSeed=seed,
        )
        if olds is not None:
            request.olds.CopyFrom(to_struct(olds, self._accepts))
        response: provider_pb2.CheckResponse = self._call("Check", self._stub.Check, request, urn)
        inputs = from_struct(response.inputs) if response.HasField("inputs") else dict(news)
        if not self._accepts.secrets:
            inputs = mark_secrets(inputs, news)
        return Checked(inputs, tuple((f.property, f.reason) for f in response.failures))

    def diff(self, old: ResourceState, news: Properties, ignore_changes: Sequence[str]) -> ProviderDiff:
        """Compare new inputs with the recorded resource."""
        if not self.configured:
            return ProviderDiff(changes=True)
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            name=old.name,
            type=old.type,
            olds=to_struct(old.outputs, self._accepts),
            old_inputs=to_struct(old.inputs, self._accepts),
            news=to_struct(news, self._accepts),
            ignoreChanges=ignore_changes,
        )
        return _diff(self._call("Diff", self._stub.Diff, request, old.urn))

    def create(self, state: ResourceState, *, preview: bool) -> Outcome:
        """Create a resource; in a preview, tell what is known of its outputs."""
        if preview and not (self._supports_preview and self.configured):
            return Outcome("", dict(state.inputs) if self.configured else {})
        self._must_be_configured(state.urn)
        request = provider_pb2.CreateRequest(
            urn=state.urn,
            name=state.name,
            type=state.type,
            properties=to_struct(state.inputs, self._accepts),
            timeout=state.custom_timeouts.get("create", 0),
            preview=preview,
        )
        outcome = self._change("Create", self._stub.Create, request, state, preview=preview)
        if not preview and not outcome.id:
            raise ProviderFailed(
                f"{state.urn}: provider {self.name} returned no id from Create", unclear=True
            )
        return outcome

    def update(
        self, old: ResourceState, new: ResourceState, ignore_changes: Sequence[str], *, preview: bool
    ) -> Outcome:
        """Change a resource in place."""
        if preview and not (self._supports_preview and self.configured):
            known = dict(new.inputs) if self.configured else {}
            return Outcome(old.id, known)
        self._must_be_configured(new.urn)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=new.urn,
            name=new.name,
            type=new.type,
            olds=to_struct(old.outputs, self._accepts),
            old_inputs=to_struct(old.inputs, self._accepts),
            news=to_struct(new.inputs, self._accepts),
            timeout=new.custom_timeouts.get("update", 0),
            ignoreChanges=ignore_changes,
            preview=preview,
        )
        outcome = self._change("Update", self._stub.Update, request, new, preview=preview)
        return Outcome(old.id, outcome.outputs, outcome.inputs, outcome.errors)

    def delete(self, state: ResourceState) -> None:
        """Delete a resource."""
        self._must_be_configured(state.urn)
        request = provider_pb2.DeleteRequest(
            id=state.id,
            urn=state.urn,
            name=state.name,
            type=state.type,
            properties=to_struct(state.outputs, self._accepts),
            old_inputs=to_struct(state.inputs, self._accepts),
            timeout=state.custom_timeouts.get("delete", 0),
        )
        self._call("Delete", self._stub.Delete, request, state.urn)

    def read(self, urn: str, type_: str, id_: str, known: Properties, inputs: Properties) -> Outcome | None:
        """Read a resource as it is; None if there is none with that id."""
        self._must_be_configured(urn)
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=urn,
            name=name_of(urn),
            type=type_,
            properties=to_struct(known, self._accepts),
            inputs=to_struct(inputs, self._accepts),
        )
        try:
            response: provider_pb2.ReadResponse = self._stub.Read(request)
        except grpc.RpcError as error:
            partial = _partial(error)
            if partial is None:
                raise self._failure("Read", error, urn) from None
            return partial
        if not response.id and not response.properties.fields:
            return None
        read = from_struct(response.inputs) if response.HasField("inputs") else None
        return Outcome(response.id or id_, from_struct(response.properties), read)

    def invoke(self, token: str, arguments: Properties, *, preview: bool) -> tuple[Properties, Checked]:
        """Call a function of the provider; its result, and what is wrong with the arguments."""
        request = provider_pb2.InvokeRequest(
            tok=token, args=to_struct(arguments, self._accepts), preview=preview
        )
        response: provider_pb2.InvokeResponse = self._call("Invoke", self._stub.Invoke, request, token)
        result = from_struct(getattr(response, "return"))
        return result, Checked({}, tuple((f.property, f.reason) for f in response.failures))

    # -- components --------------------------------------------------------------------------------

    @property
    def accepts(self) -> Accepts:
        """What the plugin said that it can take."""
        return self._accepts

    def construct(self, request: provider_pb2.ConstructRequest, urn: str) -> provider_pb2.ConstructResponse:
        """Make a component, which the plugin registers with the engine's monitor."""
        if not self._accepts.secrets:
            raise ProviderFailed(f"{urn}: provider {self.name} makes components but takes no secrets")
        self.bound = True
        answer: provider_pb2.ConstructResponse = self._call("Construct", self._stub.Construct, request, urn)
        return answer

    def call(self, request: provider_pb2.CallRequest) -> provider_pb2.CallResponse:
        """Call a method of a resource."""
        self.bound = True
        answer: provider_pb2.CallResponse = self._call("Call", self._stub.Call, request, request.tok)
        return answer

    def _must_be_configured(self, urn: str) -> None:
        if not self.configured:
            raise ProviderFailed(f"{urn}: provider {self.name} has configuration that is not known yet")

    def _change(
        self,
        method: str,
        call: Callable[[Any], Any],
        request: Message,
        state: ResourceState,
        *,
        preview: bool,
    ) -> Outcome:
        try:
            response = call(request)
            outputs = from_struct(response.properties)
        except grpc.RpcError as error:
            partial = _partial(error)
            if partial is None:
                raise self._failure(method, error, state.urn) from None
            return Outcome(partial.id, self._outputs(partial.outputs, state), partial.inputs, partial.errors)
        except (Unsupported, TypeError, ValueError, KeyError) as error:
            what = f"provider {self.name} gave an invalid answer to {method}: {error}"
            raise ProviderFailed(f"{state.urn}: {what}", unclear=True) from None
        unknown = [] if preview else sorted(key for key, value in outputs.items() if contains_unknown(value))
        errors = tuple(f"provider {self.name} does not know `{key}` after {method}" for key in unknown)
        known = {key: value for key, value in outputs.items() if key not in unknown}
        return Outcome(getattr(response, "id", ""), self._outputs(known, state), errors=errors)

    def _outputs(self, outputs: Properties, state: ResourceState) -> Properties:
        return outputs if self._accepts.secrets else mark_secrets(outputs, state.inputs)

    def _call(self, method: str, call: Callable[[Any], _R], request: Message, subject: str) -> _R:
        try:
            return call(request)
        except grpc.RpcError as error:
            raise self._failure(method, error, subject) from None

    def _failure(self, method: str, error: grpc.RpcError, subject: str = "") -> ProviderFailed:
        where = f"{subject}: " if subject else ""
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            said = self._last_words() if self._last_words else ""
            message = f"{where}provider {self.name} died during {method}"
            return ProviderFailed(message + (f"\n{said}" if said else ""), unclear=True)
        unclear = error.code() in _UNCLEAR
        said = "; ".join(filter(None, [error.details(), *wrong_properties(error)])) or error.code().name
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            said = f"provider {self.name}: {method}: {said}"
        return ProviderFailed(f"{where}{said}", unclear=unclear)


def _diff(response: provider_pb2.DiffResponse) -> ProviderDiff:
    changes = {
        provider_pb2.DiffResponse.DIFF_NONE: False,
        provider_pb2.DiffResponse.DIFF_SOME: True,
    }.get(response.changes)
    detailed = {path: (_KINDS[diff.kind], diff.inputDiff) for path, diff in response.detailedDiff.items()}
    return ProviderDiff(
        changes=changes,
        replaces=tuple(response.replaces),
        changed=tuple(response.diffs),
        detailed=detailed,
        delete_before_replace=response.deleteBeforeReplace,
    )


def _partial(error: grpc.RpcError) -> Outcome | None:
    """The resource of an ErrorResourceInitFailed: it exists, but did not become ready."""
    for item in error.trailing_metadata() or ():
        if item.key != "grpc-status-details-bin" or not isinstance(item.value, bytes):
            continue
        status = status_pb2.Status.FromString(item.value)
        for detail in status.details:
            failed = provider_pb2.ErrorResourceInitFailed()
            if detail.Is(failed.DESCRIPTOR):
                detail.Unpack(failed)
                inputs = from_struct(failed.inputs) if failed.HasField("inputs") else None
                reasons = tuple(failed.reasons) or (status.message or "initialisation failed",)
                return Outcome(failed.id, from_struct(failed.properties), inputs, reasons)
    return None
