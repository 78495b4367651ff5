# ruff: noqa: N802 - the methods are called as the protocol calls them
"""The ResourceMonitor service: what a program registers, reads and calls."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2, resource_pb2_grpc

from datahall.engine import reads, urn
from datahall.engine.assets import hashed
from datahall.engine.deployment import Deployment, Stopped
from datahall.engine.ending import Ending
from datahall.engine.errors import EngineError, ProgramFailed
from datahall.engine.events import OutputsRecorded
from datahall.engine.features import MONITOR_FEATURES, feature_by_old_name
from datahall.engine.goal import Goal, read_goal
from datahall.engine.hooked import after_outputs
from datahall.engine.project import ORGANIZATION
from datahall.engine.registration import Registrar
from datahall.engine.remote import Remotes
from datahall.engine.settled import Settled
from datahall.engine.state import ResourceState
from datahall.engine.transforms import Transforms
from datahall.engine.values import UNKNOWN_TEXT, Properties
from datahall.engine.wire import Accepts, from_struct, to_struct

_T = TypeVar("_T")
_OVER = "the run is ending"


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Serves one run. A call that fails ends the run; the program is told that it is over."""

    def __init__(self, deployment: Deployment, registrar: Registrar, ending: Ending) -> None:
        self._deployment = deployment
        self._registrar = registrar
        self.remotes = Remotes(deployment, registrar)
        self._ending = ending
        self._settled = Settled()
        self._complete: set[str] = set()
        self._transforms = Transforms(deployment.stack, deployment.project, deployment.callbacks)

    def GetDeploymentInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        """What a program may know of the run."""
        d = self._deployment
        return resource_pb2.DeploymentInfo(
            project=d.project,
            stack=d.stack,
            organization=ORGANIZATION,
            config=d.config.values,
            configSecretKeys=sorted(d.config.secret_keys),
            dryRun=d.dry_run,
            parallel=d.parallel,
            supportedFeatures=MONITOR_FEATURES,
        )

    def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        """Whether this engine has a feature, asked by its older name."""
        supported = feature_by_old_name(request.id) in MONITOR_FEATURES
        return resource_pb2.SupportsFeatureResponse(hasSupport=supported)

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring a resource to what the program wants."""
        request = self._registrar.inherited.completed(request)
        with self._settled.below(request.parent):
            if request.remote:
                made = self._do(context, lambda: self.remotes.register(self._transforms.resource(request)))
                made.result = self._result(made.urn)
                self._component(made.urn, request)
                return made
            state = self._do(context, lambda: self._registered(request))
            if request.custom:
                self._settled.done(state.urn, request.parent, custom=True, exists=_exists(state))
            else:
                self._component(state.urn, request)
        accepts = Accepts(secrets=request.acceptSecrets, resources=request.acceptResources)
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=to_struct(state.outputs, accepts),
            stable=False,
            unknown=state.urn in self._deployment.targets.skipped,
            result=self._result(state.urn),
        )

    def _registered(self, request: resource_pb2.RegisterResourceRequest) -> ResourceState:
        goal = self._goal(request)
        state = self._registrar.register_or_fail(goal)
        self._registrar.inherited.options(state.urn, goal)
        return state

    def _component(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> None:
        self._registrar.inherited.note(urn, request.parent, request.providers)
        self._settled.done(urn, request.parent, custom=False, exists=True)

    def _result(self, urn: str) -> resource_pb2.Result.ValueType:
        targets = self._deployment.targets
        lost = urn in targets.broken or urn in targets.passed_over
        return resource_pb2.Result.FAIL if lost else resource_pb2.Result.SUCCESS

    def _goal(self, request: resource_pb2.RegisterResourceRequest) -> Goal:
        transformed = self._transforms.resource(request)
        goal = read_goal(transformed, self._registrar.packages)
        if goal.custom and not goal.is_provider:
            goal = replace(goal, provider=self._registrar.inherited.provider(transformed))
        folder = self._deployment.folder
        trigger = hashed({"": goal.replacement_trigger}, folder)[""]
        place = self._deployment.places.of(request)
        return replace(goal, inputs=hashed(goal.inputs, folder), replacement_trigger=trigger, place=place)

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Record the outputs of a component; those of the stack at the end of the run."""
        self._do(context, lambda: self._outputs(request))
        return empty_pb2.Empty()

    def _outputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> None:
        d = self._deployment
        outputs = hashed(from_struct(request.outputs), d.folder)
        if request.urn == urn.root(d.stack, d.project):
            d.stack_outputs = outputs
            return
        if d.targets.untouched(request.urn):
            return
        with d.lock:
            state = d.news.get(request.urn)
            again = request.urn in self._complete
            self._complete.add(request.urn)
        if state is None:
            raise ProgramFailed(f"{request.urn}: outputs of a resource that was not registered")
        if again:
            raise ProgramFailed(f"{request.urn}: outputs are registered already; register them once")
        after_outputs(d, finish(d, state, outputs))

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        """Read a resource that is not ours."""
        with self._settled.below(request.parent):
            state = self._do(context, lambda: reads.read_resource(self._deployment, self._registrar, request))
            self._settled.done(state.urn, request.parent, custom=True, exists=_exists(state))
        accepts = Accepts(secrets=request.acceptSecrets, resources=request.acceptResources)
        return resource_pb2.ReadResourceResponse(urn=state.urn, properties=to_struct(state.outputs, accepts))

    def ExistsResource(
        self, request: resource_pb2.ExistsResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ExistsResourceResponse:
        """Whether there is a resource of that type and id."""
        found = self._do(context, lambda: reads.exists(self._deployment, self._registrar, request))
        return resource_pb2.ExistsResourceResponse(exists=bool(found), unknown=found is None)

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        """Call a provider's function. What it refuses is the program's to handle."""
        result, failures = self._do(context, lambda: self._invoke(request))
        answer: dict[str, Any] = {
            "failures": [provider_pb2.CheckFailure(property=name, reason=why) for name, why in failures],
            "unknown": result is None,
            "return": to_struct(result or {}, Accepts(resources=request.acceptResources)),
        }
        return resource_pb2.ResourceInvokeResponse(**answer)

    def _invoke(self, request: resource_pb2.ResourceInvokeRequest) -> reads.Called:
        asked = self._transforms.invoke(request)
        return reads.invoke(self._deployment, self._registrar, self._settled, asked)

    def SignalAndWaitForShutdown(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """The program has nothing more to say; its hooks are needed until what follows is done."""
        self._ending.signalled()
        return empty_pb2.Empty()

    def Call(
        self, request: resource_pb2.ResourceCallRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CallResponse:
        """Call a method of a resource. What its provider refuses is the program's to handle."""
        return self._do(context, lambda: self.remotes.call(request))

    def RegisterStackTransform(
        self, request: callback_pb2.Callback, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """A transform of every resource from now on."""
        self._transforms.add(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(
        self, request: callback_pb2.Callback, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """A transform of every function call from now on."""
        self._transforms.add_for_invokes(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(
        self, request: resource_pb2.RegisterResourceHookRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """A hook that resources may name from now on."""
        self._do(context, lambda: self._deployment.hooks.add(request))
        return empty_pb2.Empty()

    def RegisterErrorHook(
        self, request: resource_pb2.RegisterErrorHookRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """An error hook that resources may name from now on."""
        self._do(context, lambda: self._deployment.hooks.add_for_errors(request))
        return empty_pb2.Empty()

    def RegisterPackage(
        self, request: resource_pb2.RegisterPackageRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterPackageResponse:
        """A package that resources and functions may name from now on."""
        reference = self._do(context, lambda: self._registrar.packages.add(request))
        return resource_pb2.RegisterPackageResponse(ref=reference)

    def _do(self, context: grpc.ServicerContext, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except Stopped:
            context.abort(grpc.StatusCode.UNAVAILABLE, _OVER)
        except EngineError as error:
            self._deployment.fail(error)
            context.abort(grpc.StatusCode.UNAVAILABLE, _OVER)
        except Exception:
            self._deployment.fail(EngineError(f"the engine failed:\n{traceback.format_exc()}"))
            context.abort(grpc.StatusCode.UNAVAILABLE, _OVER)


def _exists(state: ResourceState) -> bool:
    return state.id not in ("", UNKNOWN_TEXT)


def finish(d: Deployment, state: ResourceState, outputs: Properties) -> ResourceState:
    """Record the outputs of a component or of the stack; the component with them."""
    old = d.olds.get(state.urn)
    d.planner.outputs(state.urn, old.outputs if old is not None else {}, outputs)
    new = replace(state, outputs=outputs)
    d.snapshot.substitute(state, new)
    with d.lock:
        d.news[state.urn] = new
    d.events.emit(OutputsRecorded(state.urn, new))
    return new
