"""Provider plugins of a run: found, started or attached, and configured, by provider reference."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import grpc

from datahall.engine import provider_config
from datahall.engine.errors import ProviderFailed
from datahall.engine.options import Port
from datahall.engine.plugins import PluginProcess, connect, kill, plugin_command, start_plugin
from datahall.engine.pool import PluginPool
from datahall.engine.provider import Provider
from datahall.engine.state import ResourceState
from datahall.engine.urn import package_of


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
        pool: PluginPool | None = None,
    ) -> None:
        self._folders = folders
        self._attach = attach
        self._environment = {**environment, "PWD": str(program_folder)}  # also what a pool tells plugins by
        self._engine_address = engine_address
        self._program_folder = program_folder
        self._lock = threading.Lock()
        self._plugins = pool
        self._started: list[tuple[PluginProcess, Path]] = []
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
        for package in sorted({*packages} - {*self._attach}):
            try:
                plugin_command(package, self._folders)
            except ProviderFailed:
                continue  # it is reported when a resource asks for it
            self._early[package] = self._pool.submit(self._start, package)

    def fresh(self, urn: str, type_: str) -> Provider:
        """A plugin for a provider resource, not configured yet. Raises ProviderFailed."""
        with self._lock:
            known = self._fresh.get(urn)
        if known is None:
            known = self._load(package_of(type_))
            with self._lock:
                known = self._fresh.setdefault(urn, known)
        return known

    def configure(self, state: ResourceState) -> Provider:
        """Configure a provider resource's plugin and know it by its reference."""
        provider = self.fresh(state.urn, state.type)
        provider.configure(state, package_of(state.type))
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
            provider = self._load(package_of(state.type))
            provider.configure(state, package_of(state.type))
            with self._lock:
                self._configured[reference] = provider
            return provider

    def cancel(self) -> None:
        """Ask all plugins to end what they are doing."""
        with self._lock:
            providers = list(self._providers)
        for provider in providers:  # each in a thread: one that does not answer keeps no other from hearing
            threading.Thread(target=provider.calls.cancel, name="cancel", daemon=True).start()

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
        """End all plugins that this run started, or give them to the pool."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for channel in self._channels:
            channel.close()
        for process, executable in self._started:
            provider = self._by_port.get(process.port)
            if self._plugins is None or (provider is not None and provider.bound):
                process.stop()
            else:
                self._plugins.give(process, executable, self._environment)

    def _load(self, package: str) -> Provider:
        if package in self._attach:
            port = self._attach[package]
            channel, process = connect(port if isinstance(port, int) else port()), None
        else:
            early = self._early.pop(package, None)
            process = early.result() if early is not None else self._start(package)
            channel = connect(process.port)
        with self._lock:
            self._channels.append(channel)
        provider = Provider(package, channel, process.last_words if process else None)
        with self._lock:
            self._providers.append(provider)
            if process is not None:
                self._by_port[process.port] = provider
        self.versions[package] = provider_config.version(provider.calls)
        return provider

    def _begun(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.append(process)
            aborted = self._aborted
        if aborted:
            kill(process)

    def _start(self, package: str) -> PluginProcess:
        executable, *arguments = plugin_command(package, self._folders)
        key = Path(executable)
        process = self._plugins.take(key, self._environment) if self._plugins else None
        if process is None:
            process = start_plugin(
                package,
                [executable, *arguments, self._engine_address],
                self._environment,
                folder=self._program_folder,
                started=self._begun,
            )
        else:
            self._begun(process.process)
        with self._lock:
            self._started.append((process, key))
        return process
