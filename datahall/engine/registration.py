"""One registration, from the program's goal to a finished step."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from datahall.engine import imports, providers, resources, steps
from datahall.engine import urn as urns
from datahall.engine.analyzer import blocking
from datahall.engine.answers import Checked
from datahall.engine.autonaming import KEY as AUTONAMING
from datahall.engine.deployment import Deployment
from datahall.engine.diff import NO_CHANGE, Change, component_change, custom_change, triggered
from datahall.engine.errors import (
    EngineError,
    InvalidTarget,
    PolicyViolation,
    ProgramFailed,
    ProviderFailed,
)
from datahall.engine.events import Op, PropertyDiff, ResourceFailed
from datahall.engine.goal import Goal
from datahall.engine.inherited import Inherited
from datahall.engine.links import provider_urn
from datahall.engine.packages import Packages
from datahall.engine.paths import parse_path, restore
from datahall.engine.state import ResourceState
from datahall.engine.urn import package_of
from datahall.engine.values import UNKNOWN, Properties, contains_unknown


class Asked(Protocol):
    """What a read, a function call and a method call say of their provider."""

    provider: str
    version: str
    pluginDownloadURL: str  # noqa: N815 - as in the protocol
    packageRef: str  # noqa: N815


class Registrar:
    """Registers resources; safe to call from many threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.defaults = providers.DefaultProviders(deployment.config, self.register)
        self.packages = Packages()
        self.inherited = Inherited()

    def provider_for(self, token: str, asked: Asked) -> str:
        """The provider that a call names, else the default one for what it asks for. Raises EngineError."""
        request = self.packages.find(
            package_of(token), asked.packageRef, asked.version, asked.pluginDownloadURL
        )
        return asked.provider or self.defaults.reference(request)

    def register(self, goal: Goal) -> ResourceState:
        """Bring a resource to its goal. Raises EngineError, or Stopped when the run is ending."""
        d = self._deployment
        d.go_on()
        if goal.custom and d.autonaming.deletes_first(goal.type, goal.name):
            goal = replace(goal, delete_before_replace=True)
        urn = resources.claim(d, goal)
        provider = ""
        if goal.custom and not goal.is_provider:
            provider = goal.provider or self.defaults.reference(goal.plugin_request)
        state = resources.new_state(d, goal, urn, provider)
        old = resources.find_old(d, state)
        recreating = old is not None and old.urn in d.deleted
        left = self._left(old, state, goal, recreating=recreating)
        if left is not None:
            return left
        if not recreating and imports.wanted(old, state):
            return imports.import_resource(d, old, state, lambda found: self._prepared(state, found, goal)[0])
        usable = old if old is not None and not recreating and not old.external else None
        if usable is not None and (usable.taint or state.urn in d.targets.replace):
            return self._replaced(usable, state, goal)
        try:
            state, violated = self._prepared(state, usable, goal, planned=old)
        except EngineError as error:
            d.events.emit(ResourceFailed(urn, Op.UPDATE if usable else Op.CREATE, str(error)))
            raise
        if violated and not goal.is_provider:
            return self._skip(replace(state, outputs={}, id=old.id if old else ""))
        if old is None:
            return steps.create(d, state)
        return self._changed(old, state, goal) if usable is not None else steps.recreate(d, old, state)

    def register_or_fail(self, goal: Goal) -> ResourceState:
        """The same, but with `continue_on_error` a step that fails is remembered and has no outputs."""
        d = self._deployment
        try:
            return self.register(goal)
        except ProviderFailed as error:
            urn = urns.make(d.stack, d.project, goal.parent, goal.type, goal.name)
            if urn not in d.targets.broken:
                raise
            d.remember(error)
            return ResourceState(urn=urn, type=goal.type, custom=goal.custom)

    def _left(
        self, old: ResourceState | None, state: ResourceState, goal: Goal, *, recreating: bool
    ) -> ResourceState | None:
        """What stands for a resource that this run does not deal with; None for one that it does."""
        d = self._deployment
        with d.lock:
            lost = d.targets.broken | d.targets.passed_over
        if not state.needs().isdisjoint(lost):
            return steps.pass_over(d, state)
        if not d.targets.include(state):
            d.planner.goal(goal, replace(state, inputs=old.inputs if old else {}), old, anew=False)
            return steps.leave(d, old, state, recreating=recreating)
        self._check_dependencies(state)
        return None

    def left_unread(self, old: ResourceState | None, state: ResourceState) -> ResourceState | None:
        """The same of a read, which targets do not limit: it is left out with what it needs."""
        d = self._deployment
        with d.lock:
            lost, skipped = d.targets.broken | d.targets.passed_over, set(d.targets.skipped)
        if not state.needs().isdisjoint(lost):
            return steps.pass_over(d, state)
        if not state.needs().isdisjoint(skipped) and not d.targets.select(state):
            return steps.leave(d, old, state, recreating=False)
        self._check_dependencies(state)
        return None

    def _check_dependencies(self, state: ResourceState) -> None:
        d = self._deployment
        try:
            d.targets.check_dependencies(state, d.olds.get)
        except InvalidTarget as error:
            if not d.dry_run:
                raise
            d.remember(error)

    def _replaced(self, old: ResourceState, state: ResourceState, goal: Goal) -> ResourceState:
        """A replacement that was asked for, whatever the provider says."""
        d = self._deployment
        blamed = PropertyDiff("id", "update-replace", old.id, "[unknown]")
        change = Change(changes=True, replace=True, diff=(blamed,))
        steps.refuse_protected(d, old, state)
        try:
            fresh, violated = self._prepared(state, None, goal, planned=old)
        except EngineError as error:
            d.events.emit(ResourceFailed(state.urn, Op.REPLACE, str(error)))
            raise
        if violated:
            return self._skip(replace(fresh, outputs={}, id=old.id))
        return steps.replace_resource(d, old, fresh, change, delete_first=bool(goal.delete_before_replace))

    def _prepared(
        self,
        state: ResourceState,
        old: ResourceState | None,
        goal: Goal,
        *,
        planned: ResourceState | None = None,
    ) -> tuple[ResourceState, bool]:
        """Checked by its provider, held to a plan (for what is recorded, `planned`), and reviewed."""
        checked = self._checked(state, old, goal)
        self._deployment.planner.goal(goal, checked, planned or old, anew=old is None)
        return self._reviewed(checked)

    def _checked(self, state: ResourceState, old: ResourceState | None, goal: Goal) -> ResourceState:
        if not state.custom:
            return state
        d = self._deployment
        program_inputs = state.inputs
        if old is not None:
            for path in state.ignore_changes:
                program_inputs = restore(old.inputs, program_inputs, parse_path(path))
        with d.slot():
            if goal.is_provider:
                checked = providers.check(d, replace(state, inputs=program_inputs), old.inputs if old else {})
            else:
                plugin = providers.of_resource(d, state)
                olds, seed = old.inputs if old else None, d.planner.seed(state.urn)
                naming = d.autonaming.naming(state.type, state.name, seed)
                if naming is not None and naming.warn and plugin.configured and not plugin.takes_names:
                    d.events.say(
                        "warning", f"provider {plugin.name} does not know of {AUTONAMING}", state.urn
                    )
                checked = plugin.check(state, olds, program_inputs, seed, naming)
        return replace(state, inputs=_passed(state, checked))

    def _reviewed(self, state: ResourceState) -> tuple[ResourceState, bool]:
        """The state as policies leave it, and whether a mandatory one forbids it (in a preview)."""
        d = self._deployment
        if d.analyzers.none:
            return state, False
        provider = None
        if state.provider:
            provider = d.news.get(provider_urn(state.provider)) or d.recorded.get(state.provider)
        remedied = d.analyzers.remediate(state, provider)
        if remedied.policies:
            d.events.say("info", f"rewritten by {', '.join(remedied.policies)}", state.urn)
            state = replace(state, inputs=remedied.inputs)
        results = d.analyzers.analyze(state, provider)
        for result in results:
            d.events.emit(result)
        violations = blocking(results)
        if not violations:
            return state, False
        first = violations[0]
        error = PolicyViolation(f"{state.urn}: policy {first.policy}: {first.message}", violations)
        if not d.dry_run:
            raise error
        d.remember(error)
        return state, True

    def _skip(self, state: ResourceState) -> ResourceState:
        """In a preview: a forbidden resource is not planned, but what comes after it is."""
        outputs: Properties = dict.fromkeys(state.inputs, UNKNOWN)
        skipped = replace(state, outputs=outputs)
        with self._deployment.lock:
            self._deployment.news[state.urn] = skipped
        return skipped

    def _changed(self, old: ResourceState, state: ResourceState, goal: Goal) -> ResourceState:
        d = self._deployment
        change = self._change(old, state)
        replace_now = change.replace or old.pending_replacement
        if replace_now:
            steps.refuse_protected(d, old, state)
            imports.refuse_replacement(d, state)
            fresh = self._checked(replace(state, inputs=goal_inputs(state, goal)), None, goal)
            first_delete = change.delete_before_replace
            if goal.delete_before_replace is not None:
                first_delete = goal.delete_before_replace
            return steps.replace_resource(d, old, fresh, change, delete_first=first_delete)
        if change.changes or old.init_errors:
            return steps.update(d, old, state, change)
        return steps.same(d, old, state)

    def _change(self, old: ResourceState, state: ResourceState) -> Change:
        d = self._deployment
        with d.lock:
            if not d.replaced.isdisjoint((state.deleted_with, *state.replace_with)):
                return Change(changes=True, replace=True)
        if not d.dry_run and contains_unknown(state.replacement_trigger):
            raise ProgramFailed(f"{state.urn}: replacement_trigger: not known in an update; give a known one")
        if triggered(old.replacement_trigger, state.replacement_trigger):
            return Change(changes=True, replace=True)
        moved = providers.moved(d, old, state) if state.custom else NO_CHANGE
        if moved.replace:
            return moved
        if not state.custom:
            return component_change(old.inputs, state.inputs)
        if goal_is_provider(state):
            return providers.diff(d, old, state)
        with d.slot():
            answer = providers.of_resource(d, state).diff(
                replace(old, urn=state.urn), state.inputs, state.ignore_changes
            )
        return custom_change(
            answer,
            old_inputs=old.inputs,
            old_outputs=old.outputs,
            new_inputs=state.inputs,
            replace_on_changes=state.replace_on_changes,
            hide=state.hide_diff,
            init_errors=bool(old.init_errors),
        )


def goal_is_provider(state: ResourceState) -> bool:
    """Whether a state is that of a provider."""
    return state.type.startswith("pulumi:providers:")


def goal_inputs(state: ResourceState, goal: Goal) -> Properties:
    """The program's own inputs again: a replacement takes no defaults over from the old resource."""
    return state.inputs if goal.is_provider else dict(goal.inputs)


def _passed(state: ResourceState, checked: Checked) -> Properties:
    if checked.failures:
        lines = [f"{name}: {reason}" if name else reason for name, reason in checked.failures]
        raise ProviderFailed(f"{state.urn}: " + "; ".join(lines))
    return checked.inputs
