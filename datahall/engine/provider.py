"""A provider plugin's calls, with property values as Python data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import grpc
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from datahall.engine import provider_config
from datahall.engine.answers import Checked, Outcome, ProviderDiff, half_way, read_diff, read_failures
from datahall.engine.autonaming import Mode, Naming
from datahall.engine.calls import Calls
from datahall.engine.errors import ProviderFailed, Unsupported
from datahall.engine.patience import Patience
from datahall.engine.provider_config import Able
from datahall.engine.state import ResourceState
from datahall.engine.values import Properties, contains_unknown, mark_secrets
from datahall.engine.wire import Accepts, from_struct, to_struct

_MODES: Final[Mapping[Mode, provider_pb2.CheckRequest.AutonamingOptions.Mode.ValueType]] = {
    "propose": provider_pb2.CheckRequest.AutonamingOptions.PROPOSE,
    "enforce": provider_pb2.CheckRequest.AutonamingOptions.ENFORCE,
    "disable": provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
}
_UNCONFIGURED = Able(Accepts(secrets=True, resources=True))


class Provider:
    """A configured (or, with unknown configuration, unconfigured) provider plugin."""

    def __init__(
        self,
        name: str,
        channel: grpc.Channel,
        last_words: Callable[[], str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.calls = Calls(name, channel, last_words, patience)
        self.configured = False
        self.bound = False  # it talks to the engine that started it: not for another operation
        self._able = _UNCONFIGURED
        self._stub = self.calls.stub

    def attach(self, engine: str) -> None:
        """Have the plugin, if it can, log to the engine of this address from now on."""
        self.calls.optional("Attach", self._stub.Attach, plugin_pb2.PluginAttach(address=engine))

    def configure(self, state: ResourceState) -> None:
        """Configure the plugin; with anything unknown it stays unconfigured."""
        able = provider_config.configure(self.calls, state, self.name)
        if able is not None:
            self._able, self.configured = able, True

    # -- resources ---------------------------------------------------------------------------------

    def check(
        self,
        state: ResourceState,
        olds: Properties | None,
        news: Properties,
        seed: bytes,
        naming: Naming | None = None,
    ) -> Checked:
        """Check a resource's inputs; the provider may add defaults, names among them."""
        if not self.configured:
            return Checked(news)
        request = provider_pb2.CheckRequest(
            urn=state.urn,
            name=state.name,
            type=state.type,
            news=to_struct(news, self._able.accepts),
            randomSeed=seed,
        )
        if olds is not None:
            request.olds.CopyFrom(to_struct(olds, self._able.accepts))
        if naming is not None and self.takes_names:
            request.autonaming.proposed_name = naming.name
            request.autonaming.mode = _MODES[naming.mode]
        response: provider_pb2.CheckResponse = self.calls.call("Check", self._stub.Check, request, state.urn)
        inputs = from_struct(response.inputs) if response.HasField("inputs") else dict(news)
        if not self._able.accepts.secrets:
            inputs = mark_secrets(inputs, news)
        return Checked(inputs, read_failures(response.failures))

    def diff(self, old: ResourceState, news: Properties, ignore_changes: Sequence[str]) -> ProviderDiff:
        """Compare new inputs with the recorded resource."""
        if not self.configured:
            return ProviderDiff(changes=True)
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            name=old.name,
            type=old.type,
            olds=to_struct(old.outputs, self._able.accepts),
            old_inputs=to_struct(old.inputs, self._able.accepts),
            news=to_struct(news, self._able.accepts),
            ignoreChanges=ignore_changes,
        )
        return read_diff(self.calls.call("Diff", self._stub.Diff, request, old.urn))

    def create(self, state: ResourceState, *, preview: bool) -> Outcome:
        """Create a resource; in a preview, tell what is known of its outputs."""
        if preview and not (self._able.preview and self.configured):
            return Outcome("", dict(state.inputs) if self.configured else {})
        self._must_be_configured(state.urn)
        request = provider_pb2.CreateRequest(
            urn=state.urn,
            name=state.name,
            type=state.type,
            properties=to_struct(state.inputs, self._able.accepts),
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
        if preview and not (self._able.preview and self.configured):
            known = dict(new.inputs) if self.configured else {}
            return Outcome(old.id, known)
        self._must_be_configured(new.urn)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=new.urn,
            name=new.name,
            type=new.type,
            olds=to_struct(old.outputs, self._able.accepts),
            old_inputs=to_struct(old.inputs, self._able.accepts),
            news=to_struct(new.inputs, self._able.accepts),
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
            properties=to_struct(state.outputs, self._able.accepts),
            old_inputs=to_struct(state.inputs, self._able.accepts),
            timeout=state.custom_timeouts.get("delete", 0),
        )
        self.calls.call("Delete", self._stub.Delete, request, state.urn)

    def read(self, state: ResourceState, id_: str, known: Properties, inputs: Properties) -> Outcome | None:
        """Read a resource as it is; None if there is none with that id."""
        urn = state.urn
        self._must_be_configured(urn)
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=urn,
            name=state.name,
            type=state.type,
            properties=to_struct(known, self._able.accepts),
            inputs=to_struct(inputs, self._able.accepts),
            timeout=state.custom_timeouts.get("read", 0),
        )
        try:
            response: provider_pb2.ReadResponse = self.calls.answer("Read", self._stub.Read, request, urn)
        except grpc.RpcError as error:
            partial = half_way(error)
            if partial is None:
                raise self.calls.failure("Read", error, urn) from None
            return partial
        if not response.id and not response.properties.fields:
            return None
        read = from_struct(response.inputs) if response.HasField("inputs") else None
        return Outcome(response.id or id_, from_struct(response.properties), read)

    def invoke(self, token: str, arguments: Properties, *, preview: bool) -> tuple[Properties, Checked]:
        """Call a function of the provider; its result, and what is wrong with the arguments."""
        request = provider_pb2.InvokeRequest(
            tok=token, args=to_struct(arguments, self._able.accepts), preview=preview
        )
        response: provider_pb2.InvokeResponse = self.calls.call("Invoke", self._stub.Invoke, request, token)
        result = from_struct(getattr(response, "return"))
        return result, Checked({}, read_failures(response.failures))

    # -- components --------------------------------------------------------------------------------

    @property
    def accepts(self) -> Accepts:
        """What the plugin said that it can take."""
        return self._able.accepts

    @property
    def takes_names(self) -> bool:
        """Whether the plugin can be told how to name resources."""
        return self._able.names

    @property
    def accepts_outputs(self) -> bool:
        """Whether the plugin can take output values."""
        return self._able.outputs

    def construct(self, request: provider_pb2.ConstructRequest, urn: str) -> provider_pb2.ConstructResponse:
        """Make a component, which the plugin registers with the engine's monitor."""
        if not self._able.accepts.secrets:
            raise ProviderFailed(f"{urn}: provider {self.name} makes components but takes no secrets")
        self.bound = True
        answer: provider_pb2.ConstructResponse = self.calls.attended(
            "Construct", self._stub.Construct, request, urn
        )
        return answer

    def call(self, request: provider_pb2.CallRequest) -> provider_pb2.CallResponse:
        """Call a method of a resource."""
        self.bound = True
        answer: provider_pb2.CallResponse = self.calls.attended("Call", self._stub.Call, request, request.tok)
        return answer

    def _must_be_configured(self, urn: str) -> None:
        if not self.configured:
            raise ProviderFailed(f"{urn}: provider {self.name} has configuration that is not known yet")

    def _change(
        self,
        method: str,
        call: Callable[..., Any],
        request: Message,
        state: ResourceState,
        *,
        preview: bool,
    ) -> Outcome:
        try:
            response = self.calls.answer(method, call, request, state.urn)
            outputs = from_struct(response.properties)
        except grpc.RpcError as error:
            partial = half_way(error)
            if partial is None:
                raise self.calls.failure(method, error, state.urn) from None
            return Outcome(partial.id, self._outputs(partial.outputs, state), partial.inputs, partial.errors)
        except (Unsupported, TypeError, ValueError, KeyError) as error:
            what = f"provider {self.name} gave an invalid answer to {method}: {error}"
            raise ProviderFailed(f"{state.urn}: {what}", unclear=True) from None
        unknown = [] if preview else sorted(key for key, value in outputs.items() if contains_unknown(value))
        errors = tuple(f"provider {self.name} does not know `{key}` after {method}" for key in unknown)
        known = {key: value for key, value in outputs.items() if key not in unknown}
        return Outcome(getattr(response, "id", ""), self._outputs(known, state), errors=errors)

    def _outputs(self, outputs: Properties, state: ResourceState) -> Properties:
        return outputs if self._able.accepts.secrets else mark_secrets(outputs, state.inputs)
