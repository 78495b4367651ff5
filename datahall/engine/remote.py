"""Remote components: a provider's Construct registers them with our monitor; their methods are its Call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, provider_pb2, resource_pb2

from datahall.engine import urn as urns
from datahall.engine.assets import hashed
from datahall.engine.deployment import Deployment
from datahall.engine.errors import ProgramFailed, ProviderFailed, Unsupported
from datahall.engine.goal import read_goal
from datahall.engine.hook_kinds import KINDS
from datahall.engine.packages import refuse_checksums
from datahall.engine.project import ORGANIZATION
from datahall.engine.provider import Provider
from datahall.engine.registration import Registrar
from datahall.engine.values import Properties, ResourceReference, Secret
from datahall.engine.wire import Accepts, from_struct, from_value, to_struct

# Components wait in calls of ours for what they register, to any depth: more than any stack has at once.
COMPONENT_WORKERS = 4096
_SELF = "__self__"
Dependencies = dict[str, set[str]]


class Remotes:
    """Has providers make components and call their methods.

    `address` is that of the monitor for them, once it is served.
    """

    def __init__(self, deployment: Deployment, registrar: Registrar) -> None:
        self._deployment = deployment
        self._registrar = registrar
        self._made_by: dict[str, str] = {}
        self.address = ""

    def register(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Have the provider make a component. Raises EngineError, or Stopped when the run is ending."""
        d = self._deployment
        d.go_on()
        goal = replace(read_goal(request, self._registrar.packages), custom=False)
        hashed(goal.inputs, d.folder)  # a file that is not there is told before anything is done
        reference = self._registrar.inherited.provider(request)
        if not reference:
            reference = self._registrar.defaults.reference(goal.plugin_request)
        plugin = d.registry.ensure(reference, d.recorded)
        if not plugin.configured:  # a preview whose provider is not known yet: only that the component is
            state = self._registrar.register(
                replace(goal, inputs={}, dependencies=(), property_dependencies={})
            )
            return resource_pb2.RegisterResourceResponse(urn=state.urn)
        subject = urns.make(d.stack, d.project, request.parent, request.type, request.name)
        try:
            with d.places.handle(request) as handle:
                answer = plugin.construct(self._construction(request, plugin, handle), subject)
            outputs, dependencies = _read(answer.state, answer.stateDependencies)
        except ProviderFailed:
            d.go_on()  # what the component registered failed, which is recorded, and said better there
            raise
        except (Unsupported, TypeError, ValueError, KeyError) as error:
            what = f"provider {plugin.name} gave an invalid answer to Construct: {error}"
            raise ProviderFailed(f"{subject}: {what}") from None
        if answer.urn not in d.claimed:
            what = f"provider {plugin.name} answered Construct with {answer.urn or 'no URN'}"
            raise ProviderFailed(f"{subject}: {what}, which it did not register")
        with d.lock:
            self._made_by[answer.urn] = reference
        return resource_pb2.RegisterResourceResponse(
            urn=answer.urn,
            object=to_struct(
                outputs, Accepts(secrets=request.acceptSecrets, resources=request.acceptResources)
            ),
            propertyDependencies={
                key: resource_pb2.RegisterResourceResponse.PropertyDependencies(urns=sorted(found))
                for key, found in dependencies.items()
            },
            unknown=answer.urn in d.targets.skipped,
        )

    def _construction(
        self, request: resource_pb2.RegisterResourceRequest, plugin: Provider, handle: str
    ) -> provider_pb2.ConstructRequest:
        optional: dict[str, Any] = {
            field: getattr(request, field)
            for field in ("protect", "retainOnDelete", "replacement_trigger")
            if request.HasField(field)
        }
        if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
            optional["deleteBeforeReplace"] = request.deleteBeforeReplace
        if request.HasField("customTimeouts"):
            timeouts = request.customTimeouts
            optional["customTimeouts"] = provider_pb2.ConstructRequest.CustomTimeouts(
                create=timeouts.create, update=timeouts.update, delete=timeouts.delete, read=timeouts.read
            )
        if request.HasField("hooks"):
            optional["resource_hooks"] = provider_pb2.ConstructRequest.ResourceHooksBinding(
                **{field: getattr(request.hooks, field) for field, _ in KINDS}
            )
        return provider_pb2.ConstructRequest(
            **self._about_the_run(),
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=_as_taken(request.object, plugin),
            inputDependencies={
                key: provider_pb2.ConstructRequest.PropertyDependencies(urns=found.urns)
                for key, found in request.propertyDependencies.items()
            },
            providers=request.providers,
            dependencies=request.dependencies,
            aliases=[*(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs), *request.aliases],
            additionalSecretOutputs=request.additionalSecretOutputs,
            deletedWith=request.deletedWith,
            replace_with=request.replace_with,
            ignoreChanges=request.ignoreChanges,
            replaceOnChanges=request.replaceOnChanges,
            accepts_output_values=True,
            stack_trace_handle=handle,
            **optional,
        )

    def call(self, request: resource_pb2.ResourceCallRequest) -> provider_pb2.CallResponse:
        """Call a method of a resource. Raises EngineError, or Stopped when the run is ending."""
        d = self._deployment
        d.go_on()
        refuse_checksums(f"method {request.tok}", request.pluginChecksums)
        arguments, found = _read(request.args, request.argDependencies)
        hashed(arguments, d.folder)
        plugin = d.registry.ensure(self._provider_of(request, arguments), d.recorded)
        if not plugin.configured:
            return provider_pb2.CallResponse()
        try:
            with d.places.handle(request) as handle:
                answer = plugin.call(
                    provider_pb2.CallRequest(
                        **self._about_the_run(),
                        tok=request.tok,
                        args=_as_taken(request.args, plugin),
                        argDependencies={
                            key: provider_pb2.CallRequest.ArgumentDependencies(urns=sorted(names))
                            for key, names in found.items()
                        },
                        accepts_output_values=True,
                        stack_trace_handle=handle,
                    )
                )
            result, dependencies = _read(getattr(answer, "return"), answer.returnDependencies)
        except ProviderFailed:
            d.go_on()
            raise
        except (Unsupported, TypeError, ValueError, KeyError) as error:
            what = f"provider {plugin.name} gave an invalid answer to Call: {error}"
            raise ProviderFailed(f"{request.tok}: {what}") from None
        fields: dict[str, Any] = {"return": to_struct(result)}  # a word of Python's
        return provider_pb2.CallResponse(
            **fields,
            returnDependencies={
                key: provider_pb2.CallResponse.ReturnDependencies(urns=sorted(names))
                for key, names in dependencies.items()
            },
            failures=answer.failures,
        )

    def _provider_of(self, request: resource_pb2.ResourceCallRequest, arguments: Properties) -> str:
        """The provider that has the method: the one named, else that of the resource, else the default."""
        d = self._deployment
        self_ = arguments.get(_SELF)
        if isinstance(self_, Secret):
            self_ = self_.value
        if urns.is_provider(request.tok):  # `pulumi:providers:PACKAGE/METHOD`: it is the resource itself
            if not isinstance(self_, ResourceReference) or not isinstance(self_.id, str):
                raise ProgramFailed(f"method {request.tok}: {_SELF}: must be a provider that exists")
            return f"{self_.urn}::{self_.id}"
        reference = request.provider
        if not reference and isinstance(self_, ResourceReference):
            with d.lock:
                state = d.news.get(self_.urn)
                reference = self._made_by.get(self_.urn, state.provider if state is not None else "")
            if state is None:
                raise ProgramFailed(f"method {request.tok}: {self_.urn}: not registered by this program")
        return reference or self._registrar.provider_for(request.tok, request)

    def _about_the_run(self) -> dict[str, Any]:
        d = self._deployment
        return {
            "project": d.project,
            "stack": d.stack,
            "config": d.config.values,
            "configSecretKeys": sorted(d.config.secret_keys),
            "organization": ORGANIZATION,
            "dryRun": d.dry_run,
            "parallel": d.parallel,
            "monitorEndpoint": self.address,
        }


def _as_taken(struct: struct_pb2.Struct, plugin: Provider) -> struct_pb2.Struct:
    """Values as the program said them, or without what the provider cannot take."""
    if plugin.accepts_outputs and plugin.accepts.resources:
        return struct
    return to_struct(from_struct(struct), plugin.accepts)


def _read(struct: struct_pb2.Struct, named: Mapping[str, Any]) -> tuple[Properties, Dependencies]:
    """Properties, and what each depends on: what is named beside them, and in output values."""
    values: Properties = {}
    dependencies: Dependencies = {key: set(found.urns) for key, found in named.items()}
    for key, value in struct.fields.items():
        values[key] = from_value(value, dependencies.setdefault(key, set()))
    return values, dependencies
