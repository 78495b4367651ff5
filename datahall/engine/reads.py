"""`Resource.get` and functions: what a program reads rather than makes."""

from __future__ import annotations

from dataclasses import replace

from pulumi.runtime.proto import resource_pb2

from datahall.engine import resources
from datahall.engine import urn as urns
from datahall.engine.assets import hashed
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment
from datahall.engine.errors import ProviderFailed
from datahall.engine.events import Op
from datahall.engine.goal import Goal
from datahall.engine.packages import refuse_checksums
from datahall.engine.registration import Registrar
from datahall.engine.settled import Settled
from datahall.engine.state import ResourceState
from datahall.engine.steps import keep, told
from datahall.engine.urn import package_of
from datahall.engine.values import UNKNOWN_TEXT, Properties, contains_unknown
from datahall.engine.wire import from_struct

Called = tuple[Properties | None, tuple[tuple[str, str], ...]]


def read_resource(
    d: Deployment, registrar: Registrar, request: resource_pb2.ReadResourceRequest
) -> ResourceState:
    """Read a resource that is not ours. Raises ProviderFailed if there is none."""
    d.go_on()
    refuse_checksums(f"{request.type} {request.name!r}", request.pluginChecksums)
    goal = Goal(
        type=request.type,
        name=request.name,
        custom=True,
        parent=request.parent,
        inputs=hashed(from_struct(request.properties), d.folder),
        dependencies=tuple(sorted(request.dependencies)),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        place=d.places.of(request),
    )
    urn = resources.claim(d, goal)
    provider = registrar.provider_for(goal.type, request)
    state = replace(resources.new_state(d, goal, urn, provider), external=True, id=request.id)
    old = resources.find_old(d, state)
    left = registrar.left_unread(old, state)
    if left is not None:
        return left
    with told(d, state, Op.READ, old=old, planned=()) as tell:  # what is read is not held to a plan
        read = _read(d, state)
        tell(read)
        if old is not None and old.external:
            changed = (old.inputs, old.outputs) != (read.inputs, read.outputs)
            read = replace(read, created=old.created, modified=now() if changed else old.modified)
            d.snapshot.add(read, old=old)
        elif old is not None:
            condemned = replace(old, delete=True)
            d.snapshot.add_beside(read, intent=None, old=old, condemned=condemned)
            with d.lock:
                d.condemned.append(condemned)
        else:
            d.snapshot.add(read)
        return keep(d, read)


def _read(d: Deployment, state: ResourceState) -> ResourceState:
    if state.id == UNKNOWN_TEXT:
        return replace(state, outputs={})
    plugin = d.registry.ensure(state.provider, d.recorded)
    if not plugin.configured:
        return replace(state, outputs={})
    outcome = plugin.read(state, state.id, state.inputs, state.inputs)
    if outcome is None or not outcome.outputs:
        raise ProviderFailed(f"{state.urn}: id {state.id}: no such resource; correct the id")
    outputs = resources.with_secret_outputs(state, outcome.outputs)
    return replace(state, id=outcome.id, outputs=outputs, init_errors=outcome.errors)


def exists(d: Deployment, registrar: Registrar, request: resource_pb2.ExistsResourceRequest) -> bool | None:
    """Whether a provider finds a resource; None while that, or the provider, is not known."""
    d.go_on()
    refuse_checksums(f"{request.type} {request.id!r}", request.pluginChecksums)
    reference = registrar.inherited.find(request.parent, package_of(request.type))
    if request.provider or not reference:
        reference = registrar.provider_for(request.type, request)
    if request.id in ("", UNKNOWN_TEXT):
        return None
    known = hashed(from_struct(request.properties), d.folder)
    urn = urns.make(d.stack, d.project, request.parent, request.type, request.id)
    state = ResourceState(urn=urn, type=request.type, custom=True, id=request.id, inputs=known)
    with d.slot():
        plugin = d.registry.ensure(reference, d.recorded)
        if not plugin.configured or contains_unknown(known):
            return None
        return plugin.read(state, state.id, known, known) is not None


def invoke(
    d: Deployment, registrar: Registrar, settled: Settled, request: resource_pb2.ResourceInvokeRequest
) -> Called:
    """Call a provider's function: its result (None: unknown before the update) and failures.

    It is unknown, too, while what it depends on does not exist.
    """
    d.go_on()
    refuse_checksums(f"function {request.tok}", request.pluginChecksums)
    arguments = hashed(from_struct(request.args), d.folder)
    if contains_unknown(arguments):
        return None, ()
    reference = registrar.inherited.find(request.parent, package_of(request.tok)) if request.parent else ""
    if request.provider or not reference:
        reference = registrar.provider_for(request.tok, request)
    if settled.lacks(request.dependsOn, d.go_on):
        return None, ()
    with d.slot():
        plugin = d.registry.ensure(reference, d.recorded)
        if not plugin.configured:
            return None, ()
        result, checked = plugin.invoke(request.tok, arguments, preview=d.dry_run)
    return result, checked.failures
