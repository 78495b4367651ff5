"""What all stacks of a test session share, and the account that each has to itself."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import boto3

from datahall.sandbox.aws import accounts, control, sessions
from datahall.testing.providers import Providers

_MEMORY = Path("/dev/shm")  # noqa: S108 - for folders of one's own in it
_ROOM = 512 * 1024 * 1024  # bytes; in a container there may be as good as none
PASSPHRASE = "ephemeral"  # noqa: S105 - guards nothing: the stack ends with its test


class Account:
    """An account of the emulated AWS, new and empty, in one region unless it is told another."""

    def __init__(self, server: control.Server, providers: Providers, region: str) -> None:
        self.number = str(10**11 + uuid.uuid4().int % (9 * 10**11))
        self.server = server
        self.region = region
        self._key = accounts.access_key(self.number)
        self._providers = providers
        self._ports: list[int] = []

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which any AWS client reaches the account."""
        return control.environment(self.server.url, region=self.region, account=self.number)

    @cached_property
    def session(self) -> boto3.Session:
        """A boto3 session whose clients reach the account."""
        return sessions.session(self._key, self.region, self.server.url)

    def provider(self) -> int:
        """The port of a provider for the account; each has a configuration of its own."""
        self._ports.append(self._providers.open(self._key))
        return self._ports[-1]

    def left(self) -> list[control.Resource]:
        """What is there, but for keys that wait for their deletion."""
        return [item for item in control.inventory(self.server.url, account=self.number) if item.left]

    def close(self) -> None:
        """End its providers, and forget all that is there."""
        ports, self._ports = self._ports, []
        self._providers.close(ports)
        control.close_account(self.server.url, self.number)


class Sandbox:
    """The emulated AWS of a test session, which `start` starts, with an account for each stack."""

    def __init__(self, start: Callable[[], control.Server]) -> None:
        self._providers = Providers()
        try:
            self.server = start()
            self._providers.serve(self.server.url)
        except BaseException:
            self._providers.stop()
            raise

    def account(self, region: str) -> Account:
        """A new account."""
        return Account(self.server, self._providers, region)

    def stop(self) -> None:
        """End what the session started, but for the server."""
        self._providers.stop()


def in_memory() -> Path | None:
    """A folder that lies in memory, where syncing a file costs nothing; None if there is none with room."""
    usable = os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    return _MEMORY if usable else None


def folder_for(base: Path) -> Path:
    """A folder for one stack's state and settings."""
    folder = base / f"stack-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    return folder
