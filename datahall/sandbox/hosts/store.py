"""What is recorded of an environment of hosts: one JSON file, replaced whole, under a lock."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import Group, Machine, Power, Process, Role

_VERSION = 1


@dataclass(frozen=True)
class Record:
    """The hosts of an environment, the process that holds their network, and what they are made of."""

    base: Path
    mirror: Path
    network: Process | None
    machines: tuple[Machine, ...]
    groups: tuple[Group, ...] = ()

    def machine(self, name: str) -> Machine | None:
        """The host of this name."""
        return next((machine for machine in self.machines if machine.name == name), None)

    def __getitem__(self, name: str) -> Machine:
        """The host of this name; there must be one."""
        return next(machine for machine in self.machines if machine.name == name)

    def put(self, machine: Machine) -> "Record":
        """With this host in place of the one of the same name, or added."""
        others = [each for each in self.machines if each.name != machine.name]
        return replace(self, machines=tuple(sorted([*others, machine], key=lambda each: each.address)))

    def drop(self, name: str) -> "Record":
        """Without this host."""
        return replace(self, machines=tuple(each for each in self.machines if each.name != name))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One change at a time; the lock ends with its owner."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def load(folder: Path) -> Record | None:
    """The record, None where there is none.

    Raises:
        HostsFailedError: it cannot be read.
    """
    file = folder / "hosts.json"
    try:
        data = json.loads(file.read_text())
        if data["version"] != _VERSION:
            raise HostsFailedError(f"{file}: written by another version of datahall ({data['version']})")
        return Record(
            base=Path(data["base"]),
            mirror=Path(data["mirror"]),
            network=_process(data["network"]),
            machines=tuple(_machine(each) for each in data["machines"]),
            groups=tuple(_group(each) for each in data.get("groups", ())),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise HostsFailedError(f"{file}: is damaged: {error}") from None


def save(folder: Path, record: Record) -> None:
    """Replace the record, whole or not at all."""
    text = json.dumps({"version": _VERSION, **asdict(record)}, indent=1, default=str)
    new = folder / "hosts.json.new"
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(folder / "hosts.json")


def _process(data: dict[str, int] | None) -> Process | None:
    return None if data is None else Process(data["pid"], data["started"])


def _group(data: dict[str, Any]) -> Group:
    return Group(data["name"], Role(data["role"]), data["variables"])


def _machine(data: dict[str, Any]) -> Machine:
    return Machine(data["name"], Role(data["role"]), _process(data["process"]), Power(data["off"]))
