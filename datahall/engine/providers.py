"""Provider resources: their check, diff and configuration, and the default provider of a package."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

from datahall.engine import provider_config
from datahall.engine import urn as urns
from datahall.engine.answers import Checked
from datahall.engine.builtin import PACKAGE
from datahall.engine.config import Config
from datahall.engine.deployment import Deployment
from datahall.engine.diff import NO_CHANGE, Change, changed_inputs, custom_change
from datahall.engine.errors import EngineError, ProviderFailed
from datahall.engine.goal import Goal
from datahall.engine.plugin_request import PluginRequest
from datahall.engine.provider import Provider
from datahall.engine.provider_config import own_config
from datahall.engine.state import ResourceState
from datahall.engine.values import UNKNOWN_TEXT, Properties, contains_unknown

_RESERVED = ("version", "__internal")  # the engine's own keys: the plugin may neither change nor drop them


def check(deployment: Deployment, state: ResourceState, olds: Properties) -> Checked:
    """Check a provider's configuration with its plugin."""
    plugin = deployment.registry.fresh(state)
    checked = provider_config.check(plugin.calls, state.urn, olds, state.inputs)
    kept = {key: state.inputs[key] for key in _RESERVED if key in state.inputs}
    return Checked({**checked.inputs, **kept}, checked.failures)


def diff(deployment: Deployment, old: ResourceState, state: ResourceState) -> Change:
    """Compare a provider's configuration with the recorded one."""
    if contains_unknown(state.inputs):
        kinds = changed_inputs(old.inputs, state.inputs)
        return Change(changes=bool(kinds))
    plugin = deployment.registry.fresh(state)
    answer = provider_config.diff(plugin.calls, state.urn, old, state.inputs)
    return custom_change(
        answer,
        old_inputs=own_config(old.inputs),
        old_outputs=old.outputs,
        new_inputs=own_config(state.inputs),
    )


def configure(deployment: Deployment, state: ResourceState) -> ResourceState:
    """Configure a provider's plugin, with a new id unless the state has one; outputs are its own inputs."""
    if not state.id:
        state = replace(state, id=UNKNOWN_TEXT if deployment.dry_run else str(uuid.uuid4()))
    state = replace(state, outputs=own_config(state.inputs))
    deployment.registry.configure(state)
    return state


def of_resource(deployment: Deployment, state: ResourceState) -> Provider:
    """The plugin that serves a resource."""
    return deployment.registry.ensure(state.provider, deployment.recorded)


def moved(deployment: Deployment, old: ResourceState, new: ResourceState) -> Change:
    """Whether a resource's new provider can go on with what the old one made."""
    if old.provider == new.provider:
        return NO_CHANGE
    if not old.provider or not new.provider:
        return Change(changes=True, replace=True)
    old_urn, _ = urns.split_reference(old.provider)
    new_urn, _ = urns.split_reference(new.provider)
    if old_urn in deployment.aliased.get(new_urn, ()):
        return NO_CHANGE
    before = deployment.recorded.get(old.provider)
    after = deployment.news.get(new_urn)
    if before is None or after is None:
        raise ProviderFailed(f"{new.urn}: provider {old.provider}: not in the state")
    plugin = deployment.registry.ensure(new.provider, deployment.recorded)
    answer = provider_config.diff(plugin.calls, new_urn, before, after.inputs)
    replaces = bool(answer.replaces) or any(k.endswith("-replace") for k, _ in answer.detailed.values())
    return Change(changes=True, replace=True) if replaces else NO_CHANGE


class DefaultProviders:
    """A default provider a package and version, registered when a resource first needs it."""

    def __init__(self, config: Config, register: Callable[[Goal], ResourceState]) -> None:
        self._config = config
        self._register = register
        self._lock = threading.Lock()
        self._known: dict[PluginRequest, str] = {}
        self._failed: dict[PluginRequest, EngineError] = {}

    def reference(self, request: PluginRequest) -> str:
        """The reference of a package's default provider. Raises ProviderFailed if config forbids it."""
        package = request.package
        if package != PACKAGE and not {package, "*"}.isdisjoint(_forbidden(self._config)):
            raise ProviderFailed(
                f"provider: {package}: default providers are disabled by pulumi:disable-default-providers; "
                "give the resource an explicit provider"
            )
        with self._lock:
            if request in self._failed:
                raise self._failed[request]
            if request not in self._known:
                goal = Goal(
                    type=f"{urns.PROVIDER_PREFIX}{package}",
                    name=request.default_name(),
                    custom=True,
                    inputs=self._config.of_package(package),
                    plugin=request,
                )
                try:
                    self._known[request] = self._register(goal).reference
                except EngineError as error:
                    self._failed[request] = error
                    raise
            return self._known[request]


def is_default(urn: str, type_: str) -> bool:
    """Whether a provider is one that the engine made by itself; such are not shown."""
    return urns.is_provider(type_) and re.match(r"default(_|\Z)", urns.name_of(urn)) is not None


def _forbidden(config: Config) -> list[str]:
    text = config.values.get("pulumi:disable-default-providers", "")
    return re.findall(r"[^\s\[\]\",]+", text)
