"""Tags: every resource gets the caller's, and a Name."""

from collections.abc import Mapping

import pulumi

Tags = Mapping[str, pulumi.Input[str]]


def tagged(name: str, tags: Tags, **more: str) -> dict[str, pulumi.Input[str]]:
    """The caller's tags, ``more``, and ``Name``."""
    return {**tags, **more, "Name": name}
