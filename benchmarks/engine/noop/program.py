"""RESOURCES resources that depend on nothing."""

import os

import pulumi


class Thing(pulumi.CustomResource):
    """A resource of the provider that does nothing."""

    def __init__(self, name: str) -> None:
        super().__init__("noop:index:Thing", name, {"value": name}, pulumi.ResourceOptions(version="1.0.0"))


for number in range(int(os.environ["RESOURCES"])):
    Thing(f"thing-{number}")
