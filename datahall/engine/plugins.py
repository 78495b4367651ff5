"""Plugin processes: started with the engine's address, they print a port and serve on it."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import grpc
import psutil

from datahall.engine.errors import EngineError, ProviderFailed
from datahall.engine.left_behind import OWNER
from datahall.engine.urn import DYNAMIC
from datahall.engine.virtualenv import VirtualEnv

START_SECONDS = 60.0
STOP_SECONDS = 5.0
_MESSAGE_BYTES = 400 * 1024 * 1024
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.enable_http_proxy", 0),  # loopback only, whatever the environment says
]


def connect(port: int) -> grpc.Channel:
    """A channel to a plugin on loopback."""
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)


def plugin_command(name: str, folders: Sequence[Path], virtualenv: VirtualEnv | None = None) -> list[str]:
    """What starts a package's plugin: the SDK's own server for dynamic ones, else an executable.

    Raises ProviderFailed if there is none.
    """
    if name == DYNAMIC and virtualenv is not None:
        return [sys.executable, "-u", "-m", "datahall.engine.dynamic", str(virtualenv.packages)]
    if name == DYNAMIC:
        return [sys.executable, "-u", "-m", "pulumi.dynamic"]
    return [str(find_plugin(name, folders))]


def find_plugin(name: str, folders: Sequence[Path]) -> Path:
    """The executable `pulumi-resource-<name>` in the first folder that has it. Raises ProviderFailed."""
    for folder in folders:
        found = shutil.which(f"pulumi-resource-{name}", path=str(folder))
        if found:
            return Path(found)
    where = ", ".join(str(folder) for folder in folders) or "none given"
    raise ProviderFailed(
        f"provider: {name}: no executable pulumi-resource-{name} in the plugin folders ({where}); "
        "add its folder to the plugin path"
    )


@dataclass(frozen=True)
class PluginProcess:
    """A started plugin; what it prints after the port goes to `log`."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: IO[bytes]

    def last_words(self, size: int = 2000) -> str:
        """The end of what the plugin printed to stderr."""
        return _tail(self.log, size)

    def stop(self) -> None:
        """End the plugin: TERM, then KILL."""
        _end(self.process)
        self.log.close()


def start_plugin(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    failure: type[EngineError] = ProviderFailed,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
) -> PluginProcess:
    """Start a plugin and wait for its port; `started` gets the process before that.

    Raises `failure` with what the plugin said.
    """
    log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the plugin
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env={**os.environ, **environment, OWNER: f"{os.getpid()} {psutil.Process().create_time()}"},
            start_new_session=True,  # an interrupt at the terminal reaches the engine, which ends its plugins
        )
    except OSError as error:
        log.close()
        raise failure(f"plugin: {name}: cannot be started: {error.strerror}") from None
    started(process)
    try:
        port = _read_port(process)
    except (ValueError, TimeoutError) as error:
        _end(process)
        if process.stdout is not None:
            process.stdout.close()
        said = _tail(log, 2000)
        log.close()
        raise failure(f"plugin: {name}: {error}" + (f"\n{said}" if said else "")) from None
    threading.Thread(target=_drain, args=(process,), daemon=True).start()
    return PluginProcess(name, process, port, log)


def _read_port(process: subprocess.Popen[bytes]) -> int:
    stdout = process.stdout
    if stdout is None:
        raise ValueError("its output cannot be read")
    deadline = time.monotonic() + START_SECONDS
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"no port within {START_SECONDS:.0f} s")
            byte = os.read(stdout.fileno(), 1)
            if not byte:
                raise ValueError(f"ended before it served (exit code {process.wait()})")
            line += byte
    try:
        return int(line)
    except ValueError:
        raise ValueError(f"printed {line[:60]!r} instead of a port") from None


def _drain(process: subprocess.Popen[bytes]) -> None:
    """A plugin may print at will; a full pipe would stop it."""
    if process.stdout is not None:
        with process.stdout as stream:
            while stream.read(65536):
                pass


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a plugin at once, with all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)
    process.wait()


def _tail(log: IO[bytes], size: int) -> str:
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - size))
    return log.read().decode(errors="replace").strip()
