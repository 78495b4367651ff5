"""The state file: Pulumi's checkpoint, version 3.

A damaged file is named, with the way out, and never used. A new one is written beside it, synced,
renamed over it, and the folder synced, so that whoever reads sees the old or the new state whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from datahall.engine.errors import BrokenState, Unsupported
from datahall.engine.state import compact
from datahall.engine.values import Json

VERSION = 3
MANIFEST_VERSION = "datahall"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A state file as read: resources and pending operations in their JSON form."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    salt_state: str | None = None
    exists: bool = False


def read_checkpoint(file: Path) -> Checkpoint:
    """Read a state file; an absent one is an empty stack.

    Raises BrokenState for a file that is cut short, garbled, inconsistent or newer than this engine,
    and Unsupported for one whose secrets another provider keeps.
    """
    if not file.exists():
        for suffix in (".gz", ".zst"):
            if file.with_name(file.name + suffix).exists():
                raise Unsupported(f"state: {file}{suffix}: compressed state; uncompress it first")
        return Checkpoint()
    try:
        data = json.loads(file.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _broken(file, f"not valid JSON ({error})") from None
    if not isinstance(data, dict) or not isinstance(data.get("version"), int):
        raise _broken(file, "no checkpoint: it has no version")
    if data["version"] != VERSION:
        raise _broken(file, f"version {data['version']}, but this engine reads version {VERSION}")
    latest = (data.get("checkpoint") or {}).get("latest") or {}
    resources = latest.get("resources") or []
    _check_manifest(file, latest.get("manifest") or {})
    check_integrity(file, resources)
    return Checkpoint(
        resources=resources,
        pending=latest.get("pending_operations") or [],
        salt_state=_salt(file, latest.get("secrets_providers")),
        exists=True,
    )


def _broken(file: Path, what: str) -> BrokenState:
    backup = file.with_name(file.name + ".bak")
    fix = (
        f"restore the last good one: cp '{backup}' '{file}'"
        if backup.exists()
        else "restore it from a backup"
    )
    return BrokenState(f"state: {file}: {what}; it is not used; {fix}")


def _check_manifest(file: Path, manifest: dict[str, Any]) -> None:
    version = manifest.get("version", "")
    expected = hashlib.sha256(version.encode()).hexdigest() if version else ""
    if manifest.get("magic", "") != expected:
        raise _broken(file, "the manifest's magic does not match its version")


def _salt(file: Path, provider: Json) -> str | None:
    if not provider or not provider.get("type"):
        return None
    if provider["type"] != "passphrase":
        raise Unsupported(f"secrets provider: {provider['type']}: only `passphrase` is supported ({file})")
    salt = (provider.get("state") or {}).get("salt")
    if not isinstance(salt, str):
        raise _broken(file, "the secrets provider has no salt")
    return salt


def check_integrity(file: Path, resources: Sequence[Any]) -> None:
    """Raise BrokenState unless each resource is whole and stands after all that it needs."""
    seen: set[str] = set()
    alive: set[str] = set()
    providers: set[str] = set()
    for index, data in enumerate(resources):
        if not isinstance(data, dict) or not isinstance(data.get("urn"), str) or not data.get("type"):
            raise _broken(file, f"resource {index} has no urn or no type")
        urn = data["urn"]
        if urn.count("::") < 3 or not urn.startswith("urn:pulumi:"):
            raise _broken(file, f"resource {index} has a malformed urn")
        for word, needed in _needs(data):
            if needed not in seen:
                raise _broken(file, f"{urn}: its {word} {needed} does not stand before it")
        provider = data.get("provider")
        if provider and provider not in providers and not data.get("pendingReplacement"):
            raise _broken(file, f"{urn}: its provider {provider} does not stand before it")
        if not data.get("delete"):
            if urn in alive:
                raise _broken(file, f"{urn}: recorded twice")
            alive.add(urn)
        if data["type"].startswith("pulumi:providers:"):
            providers.add(f"{urn}::{data.get('id', '')}")
        seen.add(urn)


def _needs(data: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if data.get("parent"):
        yield "parent", data["parent"]
    for urn in data.get("dependencies") or ():
        yield "dependency", urn
    for urns in (data.get("propertyDependencies") or {}).values():
        for urn in urns or ():
            yield "property dependency", urn
    if data.get("deletedWith"):
        yield "deletedWith", data["deletedWith"]


def render(
    *,
    stack: str,
    project: str,
    salt_state: str,
    resources: Iterable[str],
    pending: Iterable[str],
    plugins: Sequence[dict[str, str]],
) -> bytes:
    """The state file's content; resources and pending operations come encoded already."""
    manifest: dict[str, Any] = {
        "time": now(),
        "magic": hashlib.sha256(MANIFEST_VERSION.encode()).hexdigest(),
        "version": MANIFEST_VERSION,
    }
    if plugins:
        manifest["plugins"] = list(plugins)
    parts = [
        f'{{"version":{VERSION},"checkpoint":{{"stack":{json.dumps(f"organization/{project}/{stack}")},',
        f'"latest":{{"manifest":{compact(manifest)},',
        f'"secrets_providers":{{"type":"passphrase","state":{compact({"salt": salt_state})}}}',
    ]
    for name, items in (("resources", resources), ("pending_operations", pending)):
        joined = ",".join(items)
        if joined:
            parts.append(f',"{name}":[{joined}]')
    parts.append(',"metadata":{}}}}')
    return "".join(parts).encode()


def now() -> str:
    """The time in the form of a checkpoint (RFC 3339, UTC)."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def write_atomically(file: Path, content: bytes) -> None:
    """Replace `file` so that a crash leaves the old or the new content, whole and on disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
