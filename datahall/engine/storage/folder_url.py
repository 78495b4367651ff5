"""`file://` addresses, read as the official engine reads them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.storage.folder import FolderStore
from datahall.engine.storage.query import decoded, flag, parameters

# Ours always writes beside the file, and never keeps attributes: these two may say so.
_PARAMETERS = ("create_dir", "metadata", "no_tmp_dir")


def open_folder(origin: str, url: str, base: Path) -> FolderStore:
    """The folder of a URL; `base` is where a relative one starts. `~` is the user's home.

    Escapes (`%20`) are resolved; a space may also stand as it is. Raises InvalidProject for a folder that is
    not there (unless `create_dir` is given), Unsupported for parameters that a folder of ours has not.
    """
    path, _, query = url.removeprefix("file://").partition("?")
    if "#" in path:
        raise InvalidProject(f"{origin}: #: a URL ends there; write %23")
    given = parameters(origin, query, _PARAMETERS)
    if given.get("metadata", "skip") != "skip":
        raise Unsupported(f"{origin}: ?metadata={given['metadata']}: only skip is supported; leave it out")
    folder = base / decoded(origin, _at_home(origin, path))
    if "create_dir" in given and flag(origin, "create_dir", given["create_dir"]):
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise InvalidProject(f"{origin}: {folder}: no such folder; create it: mkdir -p '{folder}'")
    return FolderStore(folder.resolve())


def _at_home(origin: str, path: str) -> str:
    first, slash, rest = path.partition("/")
    if not first.startswith("~"):
        return path
    if first != "~":
        raise Unsupported(f"{origin}: {first}: only ~ itself is supported; write the folder out")
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir  # as the official engine has it, whatever HOME says
    except KeyError:
        home = str(Path.home())
    return home.replace("%", "%25") + slash + rest
