"""The verb `import`: what is there already becomes the stack's own; the program is not run.

As with the official engine, the inputs are those that the provider reads, the provider is asked whether they
are valid (if not, that is a warning), and what the state has already under that URN and id is left as it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from datahall.engine import providers, steps
from datahall.engine import urn as urns
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment, Stopped
from datahall.engine.errors import EngineError, InvalidProject, ProviderFailed
from datahall.engine.events import Op
from datahall.engine.goal import Goal
from datahall.engine.imports import read_existing
from datahall.engine.interrupted import settled
from datahall.engine.operation import running
from datahall.engine.options import Options, Result
from datahall.engine.outcome import recorded, result_of
from datahall.engine.plugin_request import PluginRequest
from datahall.engine.project import Project
from datahall.engine.registration import Registrar
from datahall.engine.state import ResourceState


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is to be imported; a component has no id. `parent` and `provider` are URNs, if given.

    Of the inputs that its provider reads, only `properties` are recorded, if any are named.
    """

    type: str
    name: str
    id: str = ""
    parent: str = ""
    provider: str = ""
    version: str = ""
    download_url: str = ""
    component: bool = False
    properties: tuple[str, ...] = ()


def import_resources(
    project: Project, stack: str, options: Options, wanted: Sequence[Import], *, protect: bool = True
) -> Result:
    """Read resources and record them, protected unless told otherwise.

    Raises EngineError: InvalidProject for what the state has otherwise or has not (a parent, a provider),
    ProviderFailed for what is not there. What was imported before a failure stays recorded.
    """
    return _imported(project, stack, options, wanted, protect=protect, dry_run=False)


def preview_import(
    project: Project, stack: str, options: Options, wanted: Sequence[Import], *, protect: bool = True
) -> Result:
    """Tell what would be imported; everything is read, and nothing written. Raises as `import_resources`."""
    return _imported(project, stack, options, wanted, protect=protect, dry_run=True)


def _imported(
    project: Project, stack: str, options: Options, wanted: Sequence[Import], *, protect: bool, dry_run: bool
) -> Result:
    began = time.monotonic()
    with running(project, stack, options, dry_run=dry_run, packs=False) as run:
        told = nullcontext() if dry_run else recorded(run, "resource-import", began)
        d = run.deployment
        with told, settled(d, run.interrupted):
            root = urns.root(stack, project.name)
            chosen = _by_urn(d, root, wanted)
            registrar = Registrar(d)
            if root not in d.olds:
                registrar.register(Goal(type=urns.STACK_TYPE, name=f"{project.name}-{stack}", custom=False))
            for urn, one in chosen.items():
                if not one.component:
                    _provider(d, registrar, urn, one)
            _in_order(d, registrar, chosen, protect=protect)
            if d.errors:
                raise d.errors[0]
            old = d.olds.get(root)
            return result_of(d, began, outputs=old.outputs if old is not None else {})


def _by_urn(d: Deployment, root: str, wanted: Sequence[Import]) -> dict[str, Import]:
    """What is to be imported, by URN, with parents filled in; what the state has already is left out."""
    found: dict[str, Import] = {}
    for one in wanted:
        parent = one.parent or root
        urn = urns.make(d.stack, d.project, parent, one.type, one.name)
        if urn in found:
            raise InvalidProject(f"import: {urn}: given twice; give each a name of its own")
        found[urn] = replace(one, parent=parent)
    for urn, one in list(found.items()):
        old = d.olds.get(urn)
        if old is not None and (old.import_id or old.id) != one.id:
            raise InvalidProject(
                f"import: {urn}: recorded already with the id {old.id or 'none'}; give another name, "
                "or forget that one first (state delete)"
            )
        if old is not None:
            d.events.say("info", "recorded already with this id; left as it is", urn)
            del found[urn]
        elif one.parent != root and one.parent not in d.olds and one.parent not in found:
            raise InvalidProject(f"import: {urn}: parent {one.parent}: not in the state; correct the URN")
    return found


def _provider(d: Deployment, registrar: Registrar, urn: str, one: Import) -> str:
    """The reference of the provider that reads: the one named, else a default one, recorded or new."""
    if one.provider:
        known = d.olds.get(one.provider)
        if known is None or not urns.is_provider(known.type):
            what = "not in the state" if known is None else "not a provider"
            raise InvalidProject(f"import: {urn}: provider {one.provider}: {what}; correct the URN")
        if urns.package_of(known.type) != urns.package_of(one.type):
            raise InvalidProject(f"import: {urn}: provider {one.provider}: of another package; correct it")
        return known.reference
    package = urns.package_of(one.type)
    defaults = [
        state
        for state in d.olds.values()
        if providers.is_default(state.urn, state.type) and urns.package_of(state.type) == package
    ]
    request = PluginRequest(package, one.version, one.download_url)
    named = [state for state in defaults if state.name == request.default_name()]
    if named or (len(defaults) == 1 and not one.version and not one.download_url):
        return (named or defaults)[0].reference
    return registrar.defaults.reference(request)


def _in_order(d: Deployment, registrar: Registrar, chosen: dict[str, Import], *, protect: bool) -> None:
    """Import all, in parallel, each after its parent. Raises the first failure."""
    order = TopologicalSorter({urn: {one.parent} & chosen.keys() for urn, one in chosen.items()})
    order.prepare()

    def work(urn: str) -> None:
        try:
            _import(d, registrar, urn, chosen[urn], protect=protect)
        except Stopped:
            return
        except EngineError as error:
            (d.remember if d.dry_run else d.fail)(error)

    with ThreadPoolExecutor(max_workers=max(1, d.parallel), thread_name_prefix="import") as pool:
        while order.is_active() and not d.stopped:
            ready = order.get_ready()
            for done in [pool.submit(work, urn) for urn in ready]:
                done.result()
            order.done(*ready)


def _import(d: Deployment, registrar: Registrar, urn: str, one: Import, *, protect: bool) -> None:
    state = ResourceState(
        urn=urn,
        type=one.type,
        custom=not one.component,
        import_id=one.id,
        parent=one.parent,
        provider="" if one.component else _provider(d, registrar, urn, one),
        protect=protect,
    )
    with steps.told(d, state, Op.IMPORT, planned=()) as tell:
        stamp = now()
        new = replace(
            _read(d, state, one.properties) if state.custom else state, created=stamp, modified=stamp
        )
        tell(new)
        d.snapshot.adopt(new, operation=None, old=None, condemned=None)
        steps.keep(d, new)


def _read(d: Deployment, state: ResourceState, properties: Sequence[str]) -> ResourceState:
    with d.slot():
        plugin = providers.of_resource(d, state)
        if not plugin.configured:
            raise ProviderFailed(f"{state.urn}: import: the configuration of its provider is not known yet")
        found = replace(read_existing(d, state, "import"), import_id="")
        whole = found.inputs
        if missing := [name for name in properties if name not in whole]:
            raise InvalidProject(
                f"import: {state.urn}: properties: {missing[0]}: not among the inputs that its provider "
                f"reads: {', '.join(sorted(whole)) or 'none'}"
            )
        if properties:
            found = replace(found, inputs={name: whole[name] for name in properties})
        checked = plugin.check(found, whole, found.inputs, os.urandom(32))
    for name, reason in checked.failures:
        d.events.say("warning", f"its provider reads what it refuses: {name}: {reason}", found.urn)
    return found
