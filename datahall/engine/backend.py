"""The self-managed backend's layout: where a stack's state, backup, history and locks lie in a store.

The layout is Pulumi's, with stacks below their project (`.pulumi/meta.yaml`, version 1).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from datahall.engine.errors import BrokenState, Unsupported
from datahall.engine.statefile import StateFile
from datahall.engine.storage.folder import FolderStore
from datahall.engine.storage.packed import GZIP, packed, unpacked
from datahall.engine.storage.store import Store

LAYOUT_VERSION = 1
_BASE = ".pulumi"
_META = f"{_BASE}/meta.yaml"
_META_CONTENT = f"version: {LAYOUT_VERSION}\n".encode()
_STATES = (".json", ".json.gz", ".json.zst")
_HISTORY = (".history.json", ".history.json.gz")
_COPIES = (".checkpoint.json", ".checkpoint.json.gz")
_UPGRADE = "upgrade it first: pulumi state upgrade"


@dataclass(frozen=True)
class Backend:
    """A store with the layout; with `gzip` states and history are written compressed."""

    store: Store
    gzip: bool = False

    @classmethod
    def of(cls, given: Path | Backend) -> Backend:
        """A backend, or the one in a folder."""
        return given if isinstance(given, Backend) else cls(FolderStore(given.resolve()))

    def check(self) -> bool:
        """Whether the layout is there. Raises Unsupported or BrokenState for one that is not ours."""
        raw = self.store.read(_META)
        if raw is None:
            if any(name.endswith(_STATES) for name in self.store.names(f"{_BASE}/stacks")):
                where = self.store.where(f"{_BASE}/stacks")
                raise Unsupported(f"backend: {where}: stacks without projects (layout 0); {_UPGRADE}")
            return False
        if raw == _META_CONTENT:
            return True
        try:
            data = yaml.safe_load(raw)
        except (yaml.YAMLError, UnicodeDecodeError):
            data = None
        version = data.get("version") if isinstance(data, dict) else None
        where = self.store.where(_META)
        if not isinstance(version, int) or isinstance(version, bool):
            raise BrokenState(
                f"backend: {where}: no layout version; write `version: {LAYOUT_VERSION}` into it"
            )
        if version != LAYOUT_VERSION:
            fix = _UPGRADE if version < LAYOUT_VERSION else "update datahall"
            raise Unsupported(
                f"backend: {where}: layout version {version}, only {LAYOUT_VERSION} is supported; {fix}"
            )
        return True

    def prepare(self) -> None:
        """Make the layout known before the first write. Raises as `check`."""
        if not self.check():
            self.store.write(_META, _META_CONTENT)

    def stacks(self, project: str) -> list[str]:
        """The names of a project's stacks, in order."""
        names = self.store.names(f"{_BASE}/stacks/{project}")
        return sorted({name.rpartition(".json")[0] for name in names if name.endswith(_STATES)})


@dataclass(frozen=True)
class StackFiles:
    """What a backend keeps of one stack."""

    backend: Backend
    project: str
    stack: str

    @property
    def store(self) -> Store:
        """Where it lies."""
        return self.backend.store

    @cached_property
    def state(self) -> StateFile:
        """The state."""
        plain = f"{_BASE}/stacks/{self.project}/{self.stack}.json"
        return StateFile(self.store, plain, gzip=self.backend.gzip)

    @property
    def locks(self) -> str:
        """The folder with a lock per owner."""
        return f"{_BASE}/locks/organization/{self.project}/{self.stack}"

    @property
    def _tags(self) -> str:
        """What the official CLI's `stack tag` keeps; this engine has no tags."""
        return f"{_BASE}/stacks/{self.project}/{self.stack}.pulumi-tags"

    @property
    def _history(self) -> str:
        return f"{_BASE}/history/{self.project}/{self.stack}"

    def add_history(self, record: Mapping[str, Any]) -> None:
        """Record an operation, with a copy of the state it left."""
        prefix = f"{self._history}/{self.stack}-{time.time_ns()}"
        content = json.dumps(record).encode()
        if self.backend.gzip:
            self.store.write(f"{prefix}.history.json{GZIP}", packed(content))
        else:
            self.store.write(f"{prefix}.history.json", content)
        key, raw = self.state.read()
        if raw is not None:
            form = GZIP if key.endswith(GZIP) else ""
            self.store.write(f"{prefix}.checkpoint.json{form}", raw)

    def history(self) -> list[dict[str, Any]]:
        """Records of operations, the newest first. Raises BrokenState, naming one that is none."""
        names = [name for name in self.store.names(self._history) if name.endswith(_HISTORY)]
        records = []
        for key in (f"{self._history}/{name}" for name in reversed(names)):
            raw, where = self.store.read(key), self.store.where(key)
            if raw is None:  # taken away meanwhile
                continue
            try:
                record = json.loads(unpacked(where, raw))
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise BrokenState(f"history: {where}: not a record of an operation; remove the file")
            records.append(record)
        return records

    def newest_copy(self) -> str | None:
        """The key of the state that the last operation left, if there is a copy of it."""
        names = self.store.names(self._history)
        records = [name for name in names if name.endswith(_HISTORY)]
        prefix = records[-1].partition(".history.json")[0] if records else ""
        return next((f"{self._history}/{prefix}{end}" for end in _COPIES if prefix + end in names), None)

    def copy_history(self, other: StackFiles) -> None:
        """Copy history and tags to another stack of the store, where they are called after that one."""
        tags = self.store.read(self._tags)
        if tags is not None:
            self.store.write(other._tags, tags)
        for name in self.store.names(self._history):
            raw = self.store.read(f"{self._history}/{name}")
            if raw is not None:
                self.store.write(f"{other._history}/{other.stack}{name.removeprefix(self.stack)}", raw)

    def copies(self) -> list[str]:
        """Keys of older states, the newest first: in the history, beside the state, the official engine's."""
        found: list[tuple[float, str]] = []
        official = f"{_BASE}/backups/{self.project}/{self.stack}"
        for folder, endings in ((self._history, _COPIES), (official, _STATES)):
            names = self.store.names(folder)
            found += [(names[n], f"{folder}/{n}") for n in reversed(names) if n.endswith(endings)]
        beside = self.store.names(f"{_BASE}/stacks/{self.project}")
        found += [
            (beside[name], key) for key in self.state.backups() if (name := key.rpartition("/")[2]) in beside
        ]
        return [key for _, key in sorted(found, key=lambda item: -item[0])]

    def remove(self) -> None:
        """Remove the stack; its last state stays as the backup."""
        self.state.keep_backup()
        for name in self.store.names(self._history):
            self.store.delete(f"{self._history}/{name}")
        self.store.delete(self._tags)
        self.state.delete()
