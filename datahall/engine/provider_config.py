"""A plugin before it serves resources: its version, its parameter, its configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from datahall.engine.answers import Checked, ProviderDiff, read_diff, read_failures
from datahall.engine.calls import Calls
from datahall.engine.errors import ProviderFailed
from datahall.engine.plugin_request import Parameter
from datahall.engine.state import ResourceState
from datahall.engine.values import Properties, contains_unknown, without_secrets
from datahall.engine.wire import Accepts, from_struct, to_struct


@dataclass(frozen=True)
class Able:
    """What a configured plugin said that it can do."""

    accepts: Accepts
    outputs: bool = False
    preview: bool = False
    names: bool = False


def own_config(inputs: Properties) -> Properties:
    """A provider's configuration without what engines keep in it for themselves."""
    return {key: value for key, value in inputs.items() if key != "__internal"}


def version(calls: Calls) -> str:
    """The plugin's version, empty if it does not tell."""
    info: plugin_pb2.PluginInfo | None = calls.optional(
        "GetPluginInfo", calls.stub.GetPluginInfo, empty_pb2.Empty()
    )
    return info.version if info is not None else ""


def check(calls: Calls, urn: str, olds: Properties, news: Properties) -> Checked:
    """Check a provider's own configuration."""
    request = provider_pb2.CheckRequest(
        urn=urn, olds=to_struct(own_config(olds)), news=to_struct(own_config(news))
    )
    response: provider_pb2.CheckResponse | None = calls.optional(
        "CheckConfig", calls.stub.CheckConfig, request, urn
    )
    if response is None:
        return Checked(news)
    inputs = from_struct(response.inputs) if response.HasField("inputs") else news
    return Checked(inputs, read_failures(response.failures))


def diff(calls: Calls, urn: str, old: ResourceState, news: Properties) -> ProviderDiff:
    """Compare a provider's configuration with the recorded one."""
    request = provider_pb2.DiffRequest(
        urn=urn,
        id=old.id,
        olds=to_struct(own_config(old.outputs or old.inputs)),
        old_inputs=to_struct(own_config(old.inputs)),
        news=to_struct(own_config(news)),
    )
    response: provider_pb2.DiffResponse | None = calls.optional(
        "DiffConfig", calls.stub.DiffConfig, request, urn
    )
    return ProviderDiff() if response is None else read_diff(response)


def parameterize(calls: Calls, package: str, parameter: Parameter) -> None:
    """Make the plugin serve a package of another name. Raises ProviderFailed if it does not."""
    value = provider_pb2.ParameterizeRequest.ParametersValue(
        name=package, version=parameter.version, value=parameter.value
    )
    answer: provider_pb2.ParameterizeResponse = calls.call(
        "Parameterize", calls.stub.Parameterize, provider_pb2.ParameterizeRequest(value=value), package
    )
    if answer.name != package:
        what = f"provider {calls.name} answered Parameterize with package {answer.name!r}"
        raise ProviderFailed(f"package {package}: {what}")


def configure(calls: Calls, state: ResourceState, package: str) -> Able | None:
    """Configure the plugin; with anything unknown it is not, and the answer None."""
    if contains_unknown(state.inputs):
        return None
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
    response: provider_pb2.ConfigureResponse = calls.call(
        "Configure", calls.stub.Configure, request, state.urn
    )
    accepts = Accepts(secrets=response.acceptSecrets, resources=response.acceptResources)
    return Able(
        accepts,
        outputs=response.acceptOutputs,
        preview=response.supportsPreview,
        names=response.supports_autonaming_configuration,
    )
