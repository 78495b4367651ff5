"""Where a project's stacks are kept: `PULUMI_BACKEND_URL`, else `backend.url` of Pulumi.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from datahall.engine.backend import Backend
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.project import Project
from datahall.engine.storage.folder_url import open_folder
from datahall.engine.storage.query import without_secrets
from datahall.engine.storage.store import Store

VARIABLE = "PULUMI_BACKEND_URL"
_IN_PROJECT = "backend.url of Pulumi.yaml"
_GZIP = ("PULUMI_DIY_BACKEND_GZIP", "PULUMI_SELF_MANAGED_STATE_GZIP")
_REFUSED: Final[dict[str, str]] = {
    "PULUMI_DIY_BACKEND_ZSTD": "states are compressed with gzip only",
    "PULUMI_SELF_MANAGED_STATE_ZSTD": "states are compressed with gzip only",
    "PULUMI_DIY_BACKEND_LEGACY_LAYOUT": "stacks lie below their projects only",
    "PULUMI_SELF_MANAGED_STATE_LEGACY_LAYOUT": "stacks lie below their projects only",
    "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS": "the history has a copy per operation, not per step",
    "PULUMI_RETAIN_CHECKPOINTS": "the history has a copy per operation, not per step",
}


def open_backend(environment: Mapping[str, str], project: Project) -> Backend:
    """The backend that environment and project name; a relative folder starts at the project's.

    `PULUMI_DIY_BACKEND_GZIP` has states written compressed. Raises InvalidProject where none is named or
    its folder is not there, Unsupported for any other kind and what ours does not do.
    """
    for name, why in _REFUSED.items():
        if _truthy(environment, name):
            raise Unsupported(f"{name}: not supported: {why}; unset it")
    gzip = any(_truthy(environment, name) for name in _GZIP)
    url, origin = environment.get(VARIABLE, ""), VARIABLE
    if not url:
        url, origin = project.backend_url, _IN_PROJECT
    if not url:
        raise InvalidProject(
            f"{VARIABLE}: missing: says where stacks are kept; set it to file://FOLDER or s3://BUCKET (or "
            f"`backend: {{url: ...}}` in Pulumi.yaml; what the pulumi CLI is logged in to is not looked up)"
        )
    return Backend(_store(origin, url, project), gzip)


def _store(origin: str, url: str, project: Project) -> Store:
    if url.startswith("file://"):
        return open_folder(origin, url, project.root)
    if url.startswith("s3://"):
        from datahall.engine.storage.bucket_url import open_bucket  # noqa: PLC0415 - slow, and only for buckets

        return open_bucket(origin, url)
    raise Unsupported(
        f"{origin}: {without_secrets(url)}: only file:// and s3:// are supported; set it to file://FOLDER"
    )


def _truthy(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() in ("1", "true")
