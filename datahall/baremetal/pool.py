"""A pool as the provider is told of it, and the fingerprint that says whether a host is as it should be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Json = Any  # anything that JSON can say
Inventory = Mapping[str, Json]
"""Ansible's YAML form: ``{"all": {"vars": {}, "children": {GROUP: {"vars": {}, "hosts": {HOST: {}}}}}}``."""

_APART: Final = frozenset({"inventory", "__pycache__"})
"""Folders of a playbook project that say nothing of what it does to the pool's hosts."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Machines, and what is to become of them.

    Attributes:
        playbooks: the folder with site.yml and decommission.yml.
        neighbour_tags: what of site.yml the other hosts need when one comes, goes or has other variables.
        leavers: groups whose hosts decommission.yml can take down; others are left as they are.
        vault_files: variables, encrypted by ansible-vault; their content is in no state.
        digest: the content of the playbooks and of the vault files; empty before it was looked at.
    """

    playbooks: Path
    inventory: Inventory
    neighbour_tags: tuple[str, ...] = ()
    leavers: tuple[str, ...] = ()
    vault_files: tuple[Path, ...] = ()
    vault_password_file: Path | None = None
    private_key_file: Path | None = None
    digest: str = ""

    @property
    def groups(self) -> Mapping[str, Json]:
        """Group -> its ``vars`` and ``hosts``."""
        groups: Mapping[str, Json] = self.inventory["all"].get("children") or {}
        return groups

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host's name, sorted."""
        return tuple(sorted({host for group in self.groups.values() for host in group.get("hosts") or {}}))

    def fingerprints(self) -> dict[str, str]:
        """Host -> SHA-256 of all that a converge of it depends on, other hosts aside."""
        return {host: self._fingerprint(host) for host in self.hosts}

    def _fingerprint(self, host: str) -> str:
        told = {
            name: [group.get("vars") or {}, group["hosts"][host] or {}]
            for name, group in self.groups.items()
            if host in (group.get("hosts") or {})
        }
        return _sha(json.dumps([self.digest, self.inventory["all"].get("vars") or {}, told], sort_keys=True))


def read(inputs: Mapping[str, Json]) -> Pool:
    """The pool in a resource's inputs, which `checks.problems` found none in."""
    password, key = inputs.get("vaultPasswordFile"), inputs.get("privateKeyFile")
    return Pool(
        playbooks=Path(inputs["playbooks"]),
        inventory=inputs["inventory"],
        neighbour_tags=tuple(inputs.get("neighbourTags") or ()),
        leavers=tuple(inputs.get("leavers") or ()),
        vault_files=tuple(map(Path, inputs.get("vaultFiles") or ())),
        vault_password_file=Path(password) if password else None,
        private_key_file=Path(key) if key else None,
        digest=str(inputs.get("digest") or ""),
    )


def content_digest(playbooks: Path, vault_files: Iterable[Path]) -> str:
    """SHA-256 of every file of a folder of playbooks, and of the vault files as they are, encrypted.

    Hidden files, byte code and ``inventory/`` are left out: they change no host of the pool.
    """
    found = [path for path in sorted(playbooks.rglob("*")) if _matters(path.relative_to(playbooks))]
    lines = [f"{path.relative_to(playbooks)} {_file(path)}" for path in found if path.is_file()]
    return _sha("\n".join([*lines, *(_file(path) for path in vault_files)]))


def _matters(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not (hidden or path.suffix == ".pyc" or _APART & {path.parts[0], path.parent.name})


def _file(path: Path) -> str:
    runs = path.stat().st_mode & 0o100
    return f"{'x' if runs else '-'} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
