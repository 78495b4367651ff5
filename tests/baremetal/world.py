"""A pool without machines: every host is this one, and a file of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components import BareMetalPool, BareMetalPoolArgs, MachineArgs

PLUGINS = Path(__file__).parents[2] / "datahall" / "baremetal" / "bin"
_HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


@dataclass
class World:
    """A folder with a project of playbooks and, a file each, what they made of the hosts."""

    folder: Path
    variables: dict[str, Any] = field(default_factory=lambda: {"greeting": "hello"})
    own: dict[str, dict[str, Any]] = field(default_factory=lambda: {"one": {}})
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def made(cls, folder: Path) -> World:
        """A world with nothing in it but the playbooks."""
        shutil.copytree(Path(__file__).parent / "project", folder / "playbooks")
        (folder / "hosts").mkdir()
        return cls(folder)

    def args(self) -> BareMetalPoolArgs:
        """The pool as it is wanted now."""
        given = {"playbooks": self.folder / "playbooks", "neighbour_tags": (), "deletion_protection": False}
        groups = {name: own["groups"] for name, own in self.own.items() if "groups" in own}
        own = {
            name: {**_HERE, **{key: value for key, value in own.items() if key != "groups"}}
            for name, own in self.own.items()
        }
        machines = {
            name: MachineArgs(address="127.0.0.1", groups=groups.get(name, ["worker"]), variables=variables)
            for name, variables in own.items()
        }
        shared = {**self.variables, "world": str(self.folder / "hosts")}
        return BareMetalPoolArgs(machines=machines, variables=shared, **{**given, **self.more})

    def program(self) -> Callable[[], None]:
        """A program that has the pool, and exports its inventory."""

        def run() -> None:
            pool = BareMetalPool("pool", self.args())
            pulumi.export("inventory", pool.inventory)

        return run

    def greetings(self) -> dict[str, str]:
        """Host -> what the playbook wrote."""
        return {
            path.name: path.read_text().strip()
            for path in sorted((self.folder / "hosts").iterdir())
            if not path.suffix
        }

    def runs(self) -> dict[str, int]:
        """Host -> how often site.yml ran on it."""
        return {
            path.stem: len(path.read_text().splitlines()) for path in (self.folder / "hosts").glob("*.runs")
        }
