"""The self-managed backend's folder, from `PULUMI_BACKEND_URL`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from datahall.engine.errors import InvalidProject, Unsupported

VARIABLE = "PULUMI_BACKEND_URL"
_SCHEME = "file://"


def backend_folder(environment: Mapping[str, str]) -> Path:
    """The folder of a `file://` URL (`~` is the home, a relative path starts here).

    Raises InvalidProject where there is none, Unsupported for any other backend.
    """
    url = environment.get(VARIABLE, "")
    if not url:
        raise InvalidProject(f"{VARIABLE}: missing: says where stacks are kept; set it to file://FOLDER")
    if not url.startswith(_SCHEME):
        raise Unsupported(f"{VARIABLE}: {_shown(url)}: only file:// is supported; set it to file://FOLDER")
    path, _, query = url.removeprefix(_SCHEME).partition("?")
    if query:
        raise Unsupported(f"{VARIABLE}: ?{query}: parameters are not supported; leave them out")
    folder = Path(path or ".").expanduser()
    if not folder.is_dir():
        raise InvalidProject(f"{VARIABLE}: {folder}: no such folder; create it: mkdir -p '{folder}'")
    return folder.resolve()


def _shown(url: str) -> str:
    """The URL without user, password and parameters, which may be secret."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "not a URL"
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
