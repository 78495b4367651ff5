"""Tests of Pulumi programs: a real stack, brought up in the test's own process.

The names are imported when they are asked for: pytest loads this package in every project, used or not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datahall.testing.applies import ApplyNeverRan
    from datahall.testing.deployment import Cloud, Deployment

__all__ = ["ApplyNeverRan", "Cloud", "Deployment"]
_MODULES = {"ApplyNeverRan": "applies", "Cloud": "deployment", "Deployment": "deployment"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
