"""What the emulated controller has its hands on: emulated hosts, or power that is only imagined."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from datahall.sandbox.hosts import Power as HostPower
from datahall.sandbox.hosts import api

RESETS: Final = ("On", "ForceOff", "GracefulShutdown", "ForceRestart", "PowerCycle")
"""ResetType of the action ComputerSystem.Reset, as far as it is emulated."""


class Machines(Protocol):
    """Systems with power."""

    def names(self) -> list[str]:
        """Their Ids."""
        ...

    def on(self, name: str) -> bool:
        """Whether one has power."""
        ...

    def reset(self, name: str, kind: str, *, pxe: bool) -> None:
        """Do what a ResetType says; `pxe`: if it boots, from the network. Returns when it is done."""
        ...


class Imagined:
    """Power that nothing depends on; for tests of clients."""

    def __init__(self, names: list[str]) -> None:
        self._on = dict.fromkeys(names, False)

    def names(self) -> list[str]:
        """Their Ids."""
        return list(self._on)

    def on(self, name: str) -> bool:
        """Whether one has power."""
        return self._on[name]

    def reset(self, name: str, kind: str, *, pxe: bool) -> None:
        """Note what it would be afterwards."""
        self._on[name] = kind not in ("ForceOff", "GracefulShutdown")


class Hosts:
    """The emulated hosts of a folder.

    There is no network installer: a boot from the network is a blank host of the same name and address, as
    an installer would have left it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Their Ids."""
        return [host.name for host in api.hosts(self._folder)]

    def on(self, name: str) -> bool:
        """Whether one has power."""
        seen = {host.name: host.power for host in api.hosts(self._folder)}
        return seen.get(name) is HostPower.RUNNING

    def reset(self, name: str, kind: str, *, pxe: bool) -> None:
        """Press its button, or pull its cord. Raises HostsUsageError, HostsFailedError."""
        if kind == "ForceOff":
            api.fail(self._folder, name, "power")
        elif kind == "GracefulShutdown":
            api.stop(self._folder, name)
        elif pxe:
            api.reset(self._folder, name)
        elif kind == "On":
            api.start(self._folder, name)
        else:
            api.cycle(self._folder, name)
