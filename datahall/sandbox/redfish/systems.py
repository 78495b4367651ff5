"""The state of the emulated systems: power on its way, what they boot from next, what went wrong."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from datahall.sandbox.hosts.errors import HostsFailedError, HostsUsageError
from datahall.sandbox.redfish.machines import Machines

TARGETS: Final = ("None", "Pxe", "Hdd")
ENABLED: Final = ("Disabled", "Once", "Continuous")
_TURNS_OFF: Final = frozenset({"ForceOff", "GracefulShutdown"})


class Busy(RuntimeError):  # noqa: N818 - what it is
    """A reset is under way."""


@dataclass
class System:
    """One system. `changing` is its PowerState while a reset is under way; `failed` what the last one met."""

    target: str = "None"
    enabled: str = "Disabled"
    changing: str = ""
    failed: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Systems:
    """All systems of the controller; safe for threads."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self._systems: dict[str, System] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Their Ids."""
        return self.machines.names()

    def find(self, name: str) -> System:
        """One of them. Raises LookupError."""
        if name not in self.machines.names():
            raise LookupError(name)
        with self._lock:
            return self._systems.setdefault(name, System())

    def power(self, name: str) -> str:
        """Its PowerState."""
        return self.find(name).changing or ("On" if self.machines.on(name) else "Off")

    def reset(self, name: str, kind: str) -> None:
        """Begin a reset, as controllers do: it goes on after the answer. Raises Busy, LookupError."""
        system = self.find(name)
        with system.lock:
            if system.changing:
                raise Busy(name)
            if (kind in _TURNS_OFF) != self.machines.on(name) and kind in (*_TURNS_OFF, "On"):
                return  # it is as it is wanted
            system.changing = "PoweringOff" if kind in _TURNS_OFF else "PoweringOn"
            system.failed = ""
            pxe = system.target == "Pxe" and system.enabled != "Disabled" and kind not in _TURNS_OFF
            if pxe and system.enabled == "Once":
                system.target, system.enabled = "None", "Disabled"
        threading.Thread(target=self._reset, args=(system, name, kind, pxe), daemon=True).start()

    def _reset(self, system: System, name: str, kind: str, pxe: bool) -> None:
        try:
            self.machines.reset(name, kind, pxe=pxe)
        except (HostsUsageError, HostsFailedError) as error:
            system.failed = str(error)
        finally:
            with system.lock:
                system.changing = ""
