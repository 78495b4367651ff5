"""Provider plugins of a run: found, started or attached, and configured, by provider reference."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import grpc

from datahall.engine import provider_config, versions
from datahall.engine.errors import ProviderFailed
from datahall.engine.options import Port
from datahall.engine.patience import Patience
from datahall.engine.plugin_request import environment_of, read_request
from datahall.engine.plugins import PluginProcess, connect, kill, plugin_command, start_plugin
from datahall.engine.pool import PluginPool
from datahall.engine.project_plugins import ProjectPlugin
from datahall.engine.provider import Provider
from datahall.engine.source_plugin import source_command
from datahall.engine.state import ResourceState
from datahall.engine.urn import package_of
from datahall.engine.virtualenv import VirtualEnv


class Registry:
    """Holds a plugin a provider resource, as its configuration is the plugin's own."""

    def __init__(
        self,
        *,
        folders: Sequence[Path],
        attach: Mapping[str, Port],
        environment: Mapping[str, str],
        engine_address: str,
        program_folder: Path,
        warn: Callable[[str], None],
        named: Sequence[ProjectPlugin] = (),
        pool: PluginPool | None = None,
        patience: Patience | None = None,
        virtualenv: VirtualEnv | None = None,
    ) -> None:
        self._virtualenv = virtualenv
        self._folders, self._named = folders, named
        self._attach = attach
        self._environment = {**environment, "PWD": str(program_folder)}  # also what a pool tells plugins by
        self._engine_address = engine_address
        self._reused: set[int] = set()
        self._program_folder = program_folder
        self._warn = warn
        self._patience = patience
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._plugins = pool
        self._started: list[tuple[PluginProcess, Path, Mapping[str, str]]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._aborted = False
        self._providers: list[Provider] = []
        self._by_port: dict[int, Provider] = {}
        self._channels: list[grpc.Channel] = []
        self._early: dict[str, Future[PluginProcess]] = {}
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="plugin-start")
        self._fresh: dict[str, Provider] = {}
        self._configured: dict[str, Provider] = {}
        self._ensuring: dict[str, threading.Lock] = {}
        self.versions: dict[str, str] = {}

    def start_early(self, packages: Iterable[str]) -> None:
        """Start plugins that will be needed, while the program is still being imported."""
        elsewhere = {*self._attach, *(plugin.name for plugin in self._named)}
        for package in sorted({*packages} - elsewhere):
            try:
                plugin_command(package, self._folders_of(package))
            except ProviderFailed:
                continue  # it is reported when a resource asks for it
            self._early[package] = self._pool.submit(self._start, package, {})

    def fresh(self, state: ResourceState) -> Provider:
        """A plugin for a provider resource, not configured yet. Raises ProviderFailed."""
        with self._lock:
            known = self._fresh.get(state.urn)
        if known is None:
            known = self._load(state)
            with self._lock:
                known = self._fresh.setdefault(state.urn, known)
        return known

    def configure(self, state: ResourceState) -> Provider:
        """Configure a provider resource's plugin and know it by its reference."""
        provider = self.fresh(state)
        provider.configure(state)
        with self._lock:
            self._fresh.pop(state.urn, None)
            self._configured[state.reference] = provider
        return provider

    def get(self, reference: str) -> Provider | None:
        """The provider of a reference, if it is configured in this run."""
        with self._lock:
            return self._configured.get(reference)

    def ensure(self, reference: str, recorded: Mapping[str, ResourceState]) -> Provider:
        """The provider of a reference, configured from its recorded state if need be."""
        with self._lock:
            guard = self._ensuring.setdefault(reference, threading.Lock())
        with guard:
            known = self.get(reference)
            if known is not None:
                return known
            state = recorded.get(reference)
            if state is None:
                raise ProviderFailed(f"provider: {reference}: neither in the program nor in the state")
            provider = self._load(state)
            provider.configure(state)
            with self._lock:
                self._configured[reference] = provider
            return provider

    def cancel(self) -> None:
        """Ask all plugins to end what they are doing."""
        with self._lock:
            providers = list(self._providers)
        for provider in providers:
            _told_to_cancel(provider)

    def abort(self) -> None:
        """End all plugins now, whatever they are doing; calls to them fail."""
        with self._lock:
            self._aborted = True
            processes, channels = list(self._processes), list(self._channels)
        for process in processes:
            kill(process)
        for channel in channels:
            channel.close()

    def close(self) -> None:
        """End all plugins that this run started, or give them to the pool. Those that hang are told."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        hung = [provider for provider in self._providers if provider.calls.hung]
        for telling in [_told_to_cancel(provider) for provider in hung]:
            telling.join()
        for channel in self._channels:
            channel.close()
        for process, executable, environment in self._started:
            provider = self._by_port.get(process.port)
            spent = provider is not None and (provider.bound or provider.calls.hung)
            if self._plugins is None or spent:
                process.stop()
            else:
                self._plugins.give(process, executable, environment)

    def _load(self, state: ResourceState) -> Provider:
        try:
            request = read_request(package_of(state.type), state.inputs)
        except ValueError as error:
            raise ProviderFailed(f"{state.urn}: __internal: parameterization: {error}") from None
        name, mapped = request.executable, environment_of(state.inputs, {**os.environ, **self._environment})
        if name in self._attach:
            port = self._attach[name]
            channel, process = connect(port if isinstance(port, int) else port()), None
        else:
            early = self._early.pop(name, None) if not mapped else None
            process = early.result() if early is not None else self._start(name, mapped, request.version)
            channel = connect(process.port)
        with self._lock:
            self._channels.append(channel)
        provider = Provider(name, channel, process.last_words if process else None, self._patience)
        with self._lock:
            self._providers.append(provider)
            if process is not None:
                self._by_port[process.port] = provider
        if process is not None and process.port in self._reused:  # it talks to an engine of before
            provider.attach(self._engine_address)
        version = provider_config.version(provider.calls)
        self.versions[name] = version
        if request.version and not versions.at_least(version, request.version):
            self._warn_once(
                f"provider: {name}: version {request.version} or newer is asked for, but the plugin "
                f"{f'is {version}' if version else 'does not tell its own'}; see whether it is the right one"
            )
        if request.parameter is not None:
            provider.bound = True  # it serves that package only from now on
            provider_config.parameterize(provider.calls, request.package, request.parameter)
        return provider

    def _warn_once(self, text: str) -> None:
        with self._lock:
            known = text in self._warned
            self._warned.add(text)
        if not known:
            self._warn(text)

    def _begun(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.append(process)
            aborted = self._aborted
        if aborted:
            kill(process)

    def _folders_of(self, name: str, version: str = "") -> list[Path]:
        """Where a plugin may lie: the caller's folders, then what the project points at."""
        return [*self._folders, *(plugin.folder for plugin in self._named if plugin.serves(name, version))]

    def _command(self, package: str, version: str) -> list[str]:
        """What starts a plugin: an executable, else Python source that the project points at."""
        try:
            return plugin_command(package, self._folders_of(package, version), self._virtualenv)
        except ProviderFailed:
            for plugin in self._named:
                command = source_command(plugin.folder) if plugin.serves(package, version) else None
                if command is not None:
                    return command
            raise

    def _start(self, package: str, mapped: Mapping[str, str], version: str = "") -> PluginProcess:
        environment = {**self._environment, **mapped}
        executable, *arguments = self._command(package, version)
        key = Path(arguments[-1] if arguments else executable)  # a Python runs many plugins
        process = self._plugins.take(key, environment) if self._plugins else None
        if process is None:
            process = start_plugin(
                package,
                [executable, *arguments, self._engine_address],
                environment,
                folder=self._program_folder,
                started=self._begun,
            )
        else:
            self._begun(process.process)
            self._reused.add(process.port)
        with self._lock:
            self._started.append((process, key, environment))
        return process


def _told_to_cancel(provider: Provider) -> threading.Thread:
    """In a thread of its own: one that does not answer keeps no other from hearing."""
    thread = threading.Thread(target=provider.calls.cancel, name="cancel", daemon=True)
    thread.start()
    return thread
