"""Paths as the provider, which runs elsewhere, can follow them."""

from pathlib import Path

import pulumi


def absolute(path: str | Path) -> str:
    """One that is relative is the project's."""
    return str((Path(pulumi.get_root_directory() or ".") / Path(path).expanduser()).resolve())


def found(path: str | Path | None) -> str | None:
    """The same, where there is one."""
    return None if path is None else absolute(path)
