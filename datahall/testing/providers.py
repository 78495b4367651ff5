"""The process that serves the emulated AWS's providers to all stacks of a test session."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from datahall.sandbox.aws import control

_MODULE = "datahall.sandbox.aws.plugin.host"
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0


class Providers:
    """Gives a provider's port as often as it is asked, each for one account; one process serves them all.

    It can start before the emulated AWS does, which takes as long; `serve` tells it the address.
    """

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self._lock = threading.Lock()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **control.environment(""), "PYTHONPATH": path},
            start_new_session=True,  # an interrupt at the terminal is for pytest, which ends it
        )

    def serve(self, url: str) -> None:
        """Say where the emulated AWS is. Raises SandboxError if the process has ended."""
        self._say(f"at {url}")

    def open(self, access_key: str) -> int:
        """The port of a new provider. Raises SandboxError if the process has ended or does not answer."""
        with self._lock:
            self._say(f"open {access_key}")
            return self._port()

    def close(self, ports: Iterable[int]) -> None:
        """End providers. Raises SandboxError if the process has ended."""
        with self._lock:
            for port in ports:
                self._say(f"close {port}")

    def stop(self) -> None:
        """End the process, and all that it serves."""
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
        self._log.close()

    def _say(self, line: str) -> None:
        try:
            os.write(self._process.stdin.fileno(), f"{line}\n".encode())  # type: ignore[union-attr]  # a pipe
        except BrokenPipeError:
            raise self._failed("has ended") from None

    def _port(self) -> int:
        stdout = self._process.stdout.fileno()  # type: ignore[union-attr]  # it is a pipe
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not selector.select(_START_SECONDS):
                    raise self._failed(f"gave no port within {_START_SECONDS:.0f} s")
                part = os.read(stdout, 64)
                if not part:
                    raise self._failed("has ended")
                said += part
        return int(said)

    def _failed(self, what: str) -> control.SandboxError:
        self._log.seek(0)
        words = self._log.read()[-2000:].decode(errors="replace").strip()
        rule = f"the process of the emulated AWS's providers {what}" + (f"\n{words}" if words else "")
        return control.SandboxError("aws", _MODULE, rule, "run the tests again; say so if it happens twice")
