"""Plugin processes kept between operations, so that a preview and its update start them once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from datahall.engine.plugins import PluginProcess, kill

Key = tuple[Path, tuple[tuple[str, str], ...]]


class PluginPool:
    """Holds idle plugins; one that runs belongs to one operation. Close it, or use it in a `with`.

    For plugins that may be configured more than once; each that can (Attach) is told of its next engine.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Key, list[PluginProcess]] = {}

    def take(self, executable: Path, environment: Mapping[str, str]) -> PluginProcess | None:
        """An idle plugin that was started so, if there is one."""
        with self._lock:
            idle = self._idle.get(_key(executable, environment), [])
            while idle:
                process = idle.pop()
                if process.process.poll() is None:
                    return process
                process.stop()
        return None

    def give(self, process: PluginProcess, executable: Path, environment: Mapping[str, str]) -> None:
        """Keep a plugin that an operation no longer needs."""
        with self._lock:
            self._idle.setdefault(_key(executable, environment), []).append(process)

    def close(self) -> None:
        """End all idle plugins."""
        with self._lock:
            processes = [process for idle in self._idle.values() for process in idle]
            self._idle.clear()
        for process in processes:
            process.stop()

    def abort(self) -> None:
        """End all idle plugins at once."""
        for process in [process for idle in list(self._idle.values()) for process in idle]:
            kill(process.process)

    def __enter__(self) -> PluginPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _key(executable: Path, environment: Mapping[str, str]) -> Key:
    return executable, tuple(sorted(environment.items()))
