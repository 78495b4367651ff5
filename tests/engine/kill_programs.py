"""What a stack is brought from and to while it is killed: each kind of step and call is in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pulumi

from .programs import House, Thing

FOUND = "found-abc123"  # what is read; it is nobody's
TAKEN = "taken-def456"  # what is imported


def plant(cloud: Path, *ids: str) -> None:
    """Have things in the cloud that nobody manages: those that the programs read and import."""
    cloud.mkdir(exist_ok=True)
    for id_ in ids or (FOUND, TAKEN):
        thing = {"urn": "by hand", "label": f"{id_}-label", "size": 3}
        (cloud / f"{id_}.thing").write_text(json.dumps(thing))


class Yard(pulumi.ComponentResource):
    """A remote component with a shed."""

    area: pulumi.Output[float]

    def __init__(self, name: str, size: int) -> None:
        super().__init__("cloud:index:Yard", name, {"area": None, "size": size}, None, remote=True)


def before() -> None:
    base = Thing("base", size=1)
    Thing("plot", plot="a", note=base.serial)
    Thing("kind", kind="oak")
    Thing("gone", opts=pulumi.ResourceOptions(depends_on=[base]))
    House("home")
    Thing("found", opts=pulumi.ResourceOptions(id=FOUND))
    Yard("yard", size=1)


def after() -> None:
    base = Thing("base", size=2)
    plot = Thing("plot", plot="b", note=base.serial)
    Thing("kind", kind="pine")
    Thing("fresh", note=plot.serial)
    House("home", size=3)
    yard = Yard("yard", size=2)
    Thing("found", opts=pulumi.ResourceOptions(id=FOUND))
    Thing("taken", size=3, opts=pulumi.ResourceOptions(import_=TAKEN))
    pulumi.export("said", pulumi.runtime.invoke("cloud:index:say", {"word": "hi"}).value["said"])
    pulumi.export("text", pulumi.runtime.call("cloud:index:Yard/measure", {}, yard))


def leaving() -> None:
    """Ends the process when half of `after` is done."""
    base = Thing("base", size=2)
    Thing("plot", plot="b", note=base.serial).serial.apply(lambda _: os._exit(7))
    Thing("kind", kind="pine")


PROGRAMS = {"before": before, "after": after, "leaving": leaving}
