"""The self-managed backend's folder: where a stack's state, backup, history and locks lie.

The layout is Pulumi's, with stacks below their project (`.pulumi/meta.yaml`, version 1).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from datahall.engine.checkpoint import write_atomically
from datahall.engine.errors import BrokenState, Unsupported

LAYOUT_VERSION = 1


@dataclass(frozen=True)
class StackFiles:
    """The files of one stack in a backend folder."""

    backend: Path
    project: str
    stack: str

    @property
    def _base(self) -> Path:
        return self.backend / ".pulumi"

    @property
    def meta(self) -> Path:
        """The layout's version."""
        return self._base / "meta.yaml"

    @property
    def checkpoint(self) -> Path:
        """The state."""
        return self._base / "stacks" / self.project / f"{self.stack}.json"

    @property
    def backup(self) -> Path:
        """The state before the last operation."""
        return self.checkpoint.with_name(f"{self.stack}.json.bak")

    @property
    def locks(self) -> Path:
        """The folder with a lock file per owner."""
        return self._base / "locks" / "organization" / self.project / self.stack

    @property
    def history(self) -> Path:
        """The folder with a record and a copy of the state per operation."""
        return self._base / "history" / self.project / self.stack

    @property
    def backups(self) -> Path:
        """The folder with older states."""
        return self._base / "backups" / self.project / self.stack

    def prepare(self) -> None:
        """Make the layout known. Raises Unsupported or BrokenState for one that is not ours."""
        if not self.meta.exists():
            if any((self._base / "stacks").glob("*.json")):
                raise Unsupported(f"backend: {self.backend}: stacks without projects; upgrade it first")
            write_atomically(self.meta, f"version: {LAYOUT_VERSION}\n".encode())
            return
        try:
            data = yaml.safe_load(self.meta.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            data = None
        version = data.get("version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise BrokenState(
                f"backend: {self.meta}: no layout version; write `version: {LAYOUT_VERSION}` into it"
            )
        if version != LAYOUT_VERSION:
            raise Unsupported(
                f"backend: {self.meta}: layout version {version}, only {LAYOUT_VERSION} is supported"
            )

    def keep_backup(self) -> None:
        """Keep the state as it is before an operation."""
        if self.checkpoint.exists():
            write_atomically(self.backup, self.checkpoint.read_bytes())

    def add_history(self, record: Mapping[str, Any]) -> None:
        """Record an operation, with a copy of the state it left."""
        prefix = f"{self.stack}-{time.time_ns()}"
        write_atomically(self.history / f"{prefix}.history.json", json.dumps(record).encode())
        if self.checkpoint.exists():
            write_atomically(self.history / f"{prefix}.checkpoint.json", self.checkpoint.read_bytes())

    def remove(self) -> None:
        """Remove the stack; its last state stays as the backup."""
        if self.checkpoint.exists():
            self.checkpoint.replace(self.backup)
        for folder in (self.history, self.locks):
            if folder.exists():
                shutil.rmtree(folder)
