"""What a stack is brought from and to while it is killed: each kind of step is in it."""

from __future__ import annotations

import pulumi

from .programs import House, Thing


def before() -> None:
    base = Thing("base", size=1)
    Thing("plot", plot="a", note=base.serial)
    Thing("kind", kind="oak")
    Thing("gone", opts=pulumi.ResourceOptions(depends_on=[base]))
    House("home")


def after() -> None:
    base = Thing("base", size=2)
    plot = Thing("plot", plot="b", note=base.serial)
    Thing("kind", kind="pine")
    Thing("fresh", note=plot.serial)
    House("home", size=3)


PROGRAMS = {"before": before, "after": after}
