"""Data sets in the data bucket: datasets/NAME/VERSION/{files, manifest.json} and datasets/NAME/latest.json.

Files are written first, the manifest after them, `latest` last: what `latest` names is complete.
"""

from typing import Any

from workloads.command import validate
from workloads.data.content import Content, Origin
from workloads.data.manifest import File, Manifest
from workloads.data.prefetch import fetch
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.fingerprint import canonical, sha256
from workloads.objects import Bucket


def describe(origin: Origin, content: Content) -> Manifest:
    """A manifest for `content`."""
    return Manifest(
        name=origin.name,
        source=origin.source,
        licence=origin.licence,
        preparation=origin.preparation,
        records=content.records,
        files=tuple(File(name=n, sha256=sha256(b), size=len(b)) for n, b in content.files.items()),
    )


def publish(bucket: Bucket, manifest: Manifest, content: Content, recipe: str) -> bool:
    """Put a data set there, unless it is there already (False); names it as the latest of its name."""
    missing = [f.name for f in manifest.files if bucket.sha256(manifest.prefix + f.name) != f.sha256]
    for name in missing:
        bucket.put(manifest.prefix + name, content.files[name], content_type="application/octet-stream")
    described = bucket.sha256(manifest.prefix + "manifest.json") is not None
    if missing or not described:
        bucket.put_json(manifest.prefix + "manifest.json", manifest.model_dump(mode="json"))
    latest = {"version": manifest.version, "recipe": recipe}
    if bucket.sha256(_latest(manifest.name)) != sha256(canonical(latest)):
        bucket.put_json(_latest(manifest.name), latest)
    return bool(missing) or not described


def made_by(bucket: Bucket, name: str, recipe: str) -> Manifest | None:
    """The latest version of `name` if that `recipe` made it and all its files are there."""
    latest = _read_latest(bucket, name)
    if latest.get("recipe") != recipe:
        return None
    manifest = _read_manifest(bucket, name, str(latest.get("version")))
    if manifest is None:
        return None
    whole = all(bucket.sha256(manifest.prefix + f.name) == f.sha256 for f in manifest.files)
    return manifest if whole else None


def find(bucket: Bucket, name: str, version: str | None = None) -> Manifest:
    """A version of a data set (the latest when None); raises InvalidInputError where there is none."""
    chosen = version or _read_latest(bucket, name).get("version")
    manifest = _read_manifest(bucket, name, chosen) if chosen else None
    if manifest is None:
        value = f"{name}@{version}" if version else name
        rule = f"must be a data set in bucket {bucket.name}"
        raise InvalidInputError(
            "--data", value, rule, "put it there: python -m workloads.data NAME, or workloads.pipeline"
        )
    return manifest


def load(bucket: Bucket, manifest: Manifest) -> dict[str, bytes]:
    """The files that `manifest` describes by name, each checked against its hash."""
    return {file.name: content for file, content in fetch(bucket, manifest, manifest.files)}


def _read_latest(bucket: Bucket, name: str) -> dict[str, Any]:
    return bucket.get_json(_latest(name)) or {}


def _read_manifest(bucket: Bucket, name: str, version: str) -> Manifest | None:
    key = f"datasets/{name}/{version}/manifest.json"
    raw = bucket.get_json(key)
    if raw is None:
        return None
    fix = f"run python -m workloads.data {name} again"
    manifest = validate(Manifest, raw, prefix=f"{key} ", fix=fix)
    if (manifest.name, manifest.version) != (name, version):
        rule = f"must describe {name} {version}"
        raise CorruptDataError(key, f"{manifest.name} {manifest.version}", rule, fix)
    return manifest


def _latest(name: str) -> str:
    return f"datasets/{name}/latest.json"
