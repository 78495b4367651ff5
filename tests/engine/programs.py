"""Resources of the test cloud, as programs declare them."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.runtime import call


class Thing(pulumi.CustomResource):
    """A thing in the cloud; see plugins/cloud.py for what its inputs do."""

    area: pulumi.Output[float]
    serial: pulumi.Output[str]
    label: pulumi.Output[str]
    region: pulumi.Output[str]

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, **props: pulumi.Input[Any]
    ) -> None:
        declared = {"area": None, "serial": None, "label": None, "region": None, **props}
        version = pulumi.ResourceOptions(version="1.2.3")
        super().__init__("cloud:index:Thing", name, declared, pulumi.ResourceOptions.merge(version, opts))


class Provider(pulumi.ProviderResource):
    """An explicit provider of the cloud."""

    def __init__(
        self,
        name: str,
        region: pulumi.Input[str],
        parent: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        own = pulumi.ResourceOptions(version="1.2.3", parent=parent)
        super().__init__("cloud", name, {"region": region}, pulumi.ResourceOptions.merge(own, opts))


class House(pulumi.ComponentResource):
    """A component with two things."""

    area: pulumi.Output[float]

    def __init__(self, name: str, size: int = 2, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:House", name, {}, opts)
        base = Thing(f"{name}-base", size=size, opts=pulumi.ResourceOptions(parent=self))
        Thing(f"{name}-roof", size=base.area, opts=pulumi.ResourceOptions(parent=self))
        self.area = base.area
        self.register_outputs({"area": self.area})


class Yard(pulumi.ComponentResource):
    """A remote component, made by plugins/yard.py."""

    area: pulumi.Output[float]

    def __init__(
        self, name: str, size: pulumi.Input[float], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("cloud:index:Yard", name, {"area": None, "size": size}, opts, remote=True)


class Row(pulumi.ComponentResource):
    """A remote component, made by plugins/parts.py."""

    area: pulumi.Output[float]
    note: pulumi.Output[str]
    place: pulumi.Output[str]

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, **props: pulumi.Input[Any]
    ) -> None:
        declared = {"area": None, "note": None, "place": None, **props}
        merged = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version="2.0.0"), opts)
        super().__init__("parts:index:Row", name, declared, merged, remote=True)

    def describe(self, word: pulumi.Input[str], times: int) -> pulumi.Output[Any]:
        arguments = {"__self__": self, "word": word, "times": times}
        return call("parts:index:Row/describe", arguments, res=self)

    def hide(self, word: pulumi.Input[str]) -> pulumi.Output[Any]:
        return call("parts:index:Row/hide", {"__self__": self, "word": word}, res=self)
