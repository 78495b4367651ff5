"""The state file: Pulumi's checkpoint, version 3, or 4 if it has what a reader of 3 would not know of.

A damaged file is named, with the way out, and never used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from datahall.engine.backend import StackFiles
from datahall.engine.errors import BrokenState, StoreFailed, Unsupported
from datahall.engine.integrity import DamagedState, check_integrity, check_kinds
from datahall.engine.journal import DamagedJournal, replayed
from datahall.engine.state import ResourceState, compact, decode_state
from datahall.engine.storage.packed import unpacked
from datahall.engine.values import Json

_Kind = TypeVar("_Kind", dict[str, Any], list[Any])

VERSION = 3
WITH_FEATURES = 4
# What only a reader of WITH_FEATURES knows of: its name there, and the state's attribute that has it.
FEATURES: Final = {"hooks": "hooks", "replaceWith": "replace_with", "taint": "taint"}
JOURNAL = "datahall-journal"  # another: the state is this file together with its journal
MANIFEST_VERSION = "datahall"
_SUM = "sha256"  # the last member of the file: that of all bytes before it
_SUM_AT_END = re.compile(rb',"sha256":"([0-9a-f]{64})"}\s*$')


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A state as read: resources and pending operations in their JSON form; `latest` is all of it.

    `journalled`: part of it is in a journal, which `fold` brings into the file.
    """

    resources: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    salt_state: str | None = None
    exists: bool = False
    version: int = VERSION
    features: list[str] = field(default_factory=list)
    latest: dict[str, Any] = field(default_factory=dict)
    journalled: bool = False

    @property
    def last_update(self) -> str:
        """When it was written, RFC 3339; empty where it never was."""
        time: str = (self.latest.get("manifest") or {}).get("time", "")
        return time


def read_checkpoint(files: StackFiles, *, fitting: bool = True) -> Checkpoint:
    """Read a stack's state; an absent one is an empty stack. It may not be `fitting` if it is to be repaired.

    Raises BrokenState for one that is cut short, garbled, inconsistent or newer than this engine,
    Unsupported for one whose secrets another provider keeps, and StoreFailed.
    """
    before: bytes | None = None
    while True:
        key = files.state.key()
        where = files.store.where(key)
        try:
            raw = files.state.read_at(key)
            if raw is None:
                return Checkpoint()
            return _parsed(where, raw, files.state.read_journal, fitting=fitting)
        except StoreFailed as error:
            if not error.damaged:
                raise
            raise BrokenState(f"{error}; it is not used; {_way_back(files, key)}") from None
        except DamagedState as error:
            if raw == before:
                raise BrokenState(
                    f"state: {where}: {error}; it is not used; {_way_back(files, key)}"
                ) from None
            before = raw  # and again: an operation may have written between state and journal


def _no_journal() -> bytes | None:
    return None


def _parsed(
    where: str,
    raw: bytes,
    read_journal: Callable[[], bytes | None] = _no_journal,
    *,
    fitting: bool = True,
) -> Checkpoint:
    try:
        raw = unpacked(where, raw)
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DamagedState(f"not valid JSON ({error})") from None
    if not isinstance(data, dict) or not isinstance(data.get("version"), int):
        raise DamagedState("no checkpoint: it has no version")
    if data["version"] not in (VERSION, WITH_FEATURES):
        raise DamagedState(
            f"version {data['version']}, but this engine reads versions {VERSION} and {WITH_FEATURES}"
        )
    try:
        _check_features(data)
        latest = _member(_member(data, "checkpoint", dict), "latest", dict)
        resources = _member(latest, "resources", list)
        pending = _member(latest, "pending_operations", list)
        _check_manifest(latest.get("manifest") or {})
        _check_sum(raw, data)
        features = [str(name) for name in _member(data, "features", list)]
        if journalled := JOURNAL in features:
            resources, pending = _with_journal(read_journal(), raw, resources, pending)
            latest = {**latest, "resources": resources, "pending_operations": pending}
            told = [*resources, *(operation["resource"] for operation in pending)]
            features = features_of(decode_state(item, None) for item in told)
        if fitting:
            check_integrity(resources)
        if _SUM not in data:
            check_kinds(resources, pending)
        salt = _salt(where, latest.get("secrets_providers"))
    except (AttributeError, TypeError, ValueError, KeyError):
        raise DamagedState("malformed: not what a checkpoint of its version holds") from None
    return Checkpoint(
        resources=resources,
        pending=pending,
        salt_state=salt,
        exists=True,
        version=data["version"] if features or not journalled else VERSION,
        features=features,
        latest=latest,
        journalled=journalled,
    )


def _with_journal(
    journal: bytes | None, raw: bytes, resources: list[Any], pending: list[Any]
) -> tuple[list[Any], list[Any]]:
    if journal is None:
        raise DamagedState("its journal is not there")
    try:
        return replayed(journal, sum_of(raw), resources, pending)
    except DamagedJournal as error:
        raise DamagedState(f"its journal: {error}") from None


def _member(data: dict[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    """A member that may be absent, or null, but is nothing else."""
    value = data.get(name)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise TypeError(name)
    return value


def _check_features(data: dict[str, Any]) -> None:
    known = (*FEATURES, JOURNAL)
    unknown = [str(name) for name in _member(data, "features", list) if name not in known]
    if unknown and data["version"] == WITH_FEATURES:
        raise DamagedState(f"features {', '.join(unknown)}, which this engine does not know")


def _check_sum(raw: bytes, data: dict[str, Any]) -> None:
    """Of a file that this engine wrote last; the official one leaves the member out when it writes."""
    if _SUM not in data:
        return
    found = _SUM_AT_END.search(raw)
    if found is None or hashlib.sha256(raw[: found.start()]).hexdigest() != found[1].decode():
        raise DamagedState(
            f"changed since it was written: it does not match its checksum (if you changed it on purpose, "
            f"take `{_SUM}` out of it)"
        )


def sum_of(content: bytes) -> str:
    """The checksum that a state file carries; empty if it has none."""
    found = _SUM_AT_END.search(content[-200:])
    return found[1].decode() if found else ""


def _way_back(files: StackFiles, key: str) -> str:
    """The newest copy that is good itself, and how to put it in place."""
    try:
        copies = files.copies()
    except StoreFailed:
        copies = []
    for copy in copies:
        try:
            raw = files.store.read(copy)
            if raw is None:
                continue
            _parsed(files.store.where(copy), raw)
        except (DamagedState, StoreFailed, Unsupported):
            continue
        return f"restore the last good one: {files.store.copying(copy, key)}"
    return "restore it from a backup (none of those beside it is good)"


def _check_manifest(manifest: dict[str, Any]) -> None:
    version = manifest.get("version", "")
    expected = hashlib.sha256(version.encode()).hexdigest() if version else ""
    if manifest.get("magic", "") != expected:
        raise DamagedState("the manifest's magic does not match its version")


def _salt(where: str, provider: Json) -> str | None:
    if not provider or not provider.get("type"):
        return None
    if provider["type"] != "passphrase":
        raise Unsupported(f"secrets provider: {provider['type']}: only `passphrase` is supported ({where})")
    salt = (provider.get("state") or {}).get("salt")
    if not isinstance(salt, str):
        raise DamagedState("the secrets provider has no salt")
    return salt


def check_deployment(where: str, deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a deployment that is to become a state.

    Raises BrokenState if they do not fit together, or are not what a state holds.
    """
    try:
        resources = _member(deployment, "resources", list)
        _check_manifest(deployment.get("manifest") or {})
        check_integrity(resources)
        check_kinds(resources, _member(deployment, "pending_operations", list))
    except DamagedState as error:
        raise BrokenState(f"{where}: {error}; correct it; nothing was changed") from None
    except (AttributeError, TypeError, ValueError, KeyError):
        raise BrokenState(
            f"{where}: malformed: not what one of version {VERSION} holds; export it again"
        ) from None
    return resources


def salt_of_copy(where: str, raw: bytes) -> str | None:
    """The salt in the copy of a state; None for one that is damaged."""
    try:
        return _parsed(where, raw).salt_state
    except DamagedState:
        return None


def passphrase_salt(where: str, provider: Json) -> str | None:
    """The salt of a `secrets_providers` entry, if there is one. Raises BrokenState, Unsupported."""
    try:
        return _salt(where, provider)
    except (DamagedState, AttributeError, TypeError, KeyError):
        raise BrokenState(f"{where}: the secrets provider has no salt; export it again") from None


def render(
    *,
    stack: str,
    project: str,
    salt_state: str,
    resources: Iterable[str],
    pending: Iterable[str],
    features: Sequence[str],
    plugins: Sequence[dict[str, str]],
) -> bytes:
    """The state file's content; resources and pending operations come encoded already."""
    about: dict[str, Any] = manifest()
    if plugins:
        about["plugins"] = list(plugins)
    head = (
        f'"version":{WITH_FEATURES},"features":{compact(list(features))}'
        if features
        else f'"version":{VERSION}'
    )
    parts = [
        f'{{{head},"checkpoint":{{"stack":{json.dumps(f"organization/{project}/{stack}")},',
        f'"latest":{{"manifest":{compact(about)},',
        f'"secrets_providers":{{"type":"passphrase","state":{compact({"salt": salt_state})}}}',
    ]
    for name, items in (("resources", resources), ("pending_operations", pending)):
        joined = ",".join(items)
        if joined:
            parts.append(f',"{name}":[{joined}]')
    parts.append(',"metadata":{}}}')
    content = "".join(parts).encode()
    return content + f',"{_SUM}":"{hashlib.sha256(content).hexdigest()}"}}'.encode()


def features_of(states: Iterable[ResourceState]) -> list[str]:
    """The features that a reader of these states must know."""
    names = {name for state in states for name, attribute in FEATURES.items() if getattr(state, attribute)}
    return sorted(names)


def manifest() -> dict[str, Any]:
    """When and by what something is written."""
    magic = hashlib.sha256(MANIFEST_VERSION.encode()).hexdigest()
    return {"time": now(), "magic": magic, "version": MANIFEST_VERSION}


def now() -> str:
    """The time in the form of a checkpoint (RFC 3339, UTC)."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def write_resources(files: StackFiles, resources: Sequence[dict[str, Any]]) -> None:
    """Write a state with other resources in their JSON form; everything else in it stays.

    Raises BrokenState, and writes nothing, if they do not fit together.
    """
    try:
        check_integrity(resources)
    except DamagedState as error:
        where = files.store.where(files.state.key())
        raise BrokenState(f"state: {where}: the edit would damage it: {error}; nothing was changed") from None
    known = read_checkpoint(files, fitting=False).features
    needed = features_of(decode_state(data, None) for data in resources)
    _rewrite(files, features=sorted({*known, *needed}), resources=list(resources))


def write_resealed(files: StackFiles, members: Mapping[str, Any], salt_state: str) -> None:
    """Write a state whose secrets have another key: members of its `latest`, and that key's salt."""
    provider = {"type": "passphrase", "state": {"salt": salt_state}}
    _rewrite(files, **members, secrets_providers=provider)


def fold(files: StackFiles) -> None:
    """Bring the journal of an operation that was killed into the state; under the stack's lock.

    Raises BrokenState if either is damaged, StoreFailed.
    """
    if files.state.read_journal() is None:
        return
    checkpoint = read_checkpoint(files)
    if checkpoint.journalled:  # else the state was written whole, and only the journal is left
        _rewrite(
            files,
            features=checkpoint.features,
            resources=checkpoint.resources,
            pending_operations=checkpoint.pending,
        )
    files.state.delete_journal()


def _rewrite(files: StackFiles, *, features: Sequence[str] | None = None, **members: Json) -> None:
    """Write the state with other members in its `latest`, and other features if given."""
    key, raw = files.state.read()
    data: dict[str, Any] = json.loads(unpacked(files.store.where(key), raw or b""))
    data.pop(_SUM, None)
    if features is not None:
        data.pop("features", None)
        head = {"version": WITH_FEATURES, "features": features} if features else {"version": VERSION}
        data = {**head, **{name: data[name] for name in data if name != "version"}}
    latest = data["checkpoint"]["latest"]
    latest.update(members)
    if not latest.get("pending_operations"):
        latest.pop("pending_operations", None)
    latest["manifest"] = {**(latest.get("manifest") or {}), "time": now()}
    content = compact(data).encode()[:-1]
    files.state.write(content + f',"{_SUM}":"{hashlib.sha256(content).hexdigest()}"}}'.encode())
