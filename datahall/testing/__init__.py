"""Tests of Pulumi programs: a real stack, brought up in the test's own process.

The names are imported when they are asked for: pytest loads this package in every project, used or not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datahall.testing.applies import ApplyNeverRan
    from datahall.testing.plugin import NewStack
    from datahall.testing.stack import LeftBehind, Stack

__all__ = ["ApplyNeverRan", "LeftBehind", "NewStack", "Stack"]
_MODULES = {"ApplyNeverRan": "applies", "LeftBehind": "stack", "NewStack": "plugin", "Stack": "stack"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
