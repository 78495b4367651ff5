"""The kinds of hooks: the field of a registration, and the name in the state."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    ("before_create", "BeforeCreate"),
    ("after_create", "AfterCreate"),
    ("before_update", "BeforeUpdate"),
    ("after_update", "AfterUpdate"),
    ("before_delete", "BeforeDelete"),
    ("after_delete", "AfterDelete"),
    ("on_error", "OnError"),
)
