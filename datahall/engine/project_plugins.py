"""Plugins that Pulumi.yaml points at by name: `plugins.providers`, and `packages` that lie in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datahall.engine import versions
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.values import Json

_PACKAGE = {"source", "version", "parameters", "checksums", "pluginDownloadURL", "extensions"}


@dataclass(frozen=True)
class ProjectPlugin:
    """A plugin, its folder, and the version that it is said to be; empty: of any."""

    name: str
    folder: Path
    version: str = ""

    def serves(self, name: str, version: str) -> bool:
        """Whether it is the plugin of that name, for what asks for that version."""
        return self.name == name and (not self.version or not version or self.version == version)


def read_plugins(file: Path, data: Json) -> tuple[ProjectPlugin, ...]:
    """The providers of `plugins`. Raises InvalidProject with the field and the rule, or Unsupported."""
    if not data:
        return ()
    if not isinstance(data, dict):
        raise InvalidProject(f"plugins: {file}: a mapping is expected; correct it")
    for kind, listed in data.items():
        if kind != "providers" and listed:
            raise Unsupported(f"plugins.{kind}: {file}: only providers; remove it")
    providers = data.get("providers") or []
    if not isinstance(providers, list):
        raise InvalidProject(f"plugins.providers: {file}: a list is expected; correct it")
    return tuple(_plugin(file, index, item) for index, item in enumerate(providers))


def read_packages(file: Path, data: Json) -> tuple[ProjectPlugin, ...]:
    """Those of `packages` that lie in a folder; others are what a program's own SDK says, and not fetched.

    Raises InvalidProject with the field and the rule, or Unsupported.
    """
    if not data:
        return ()
    if not isinstance(data, dict):
        raise InvalidProject(f"packages: {file}: a mapping of names to sources is expected; correct it")
    found = []
    for name, spec in data.items():
        where = f"packages.{name}: {file}"
        whole = {"source": str(spec).partition("@")[0]} if isinstance(spec, str) else spec
        if not isinstance(whole, dict) or not isinstance(whole.get("source"), str) or not whole["source"]:
            raise InvalidProject(f"{where}: a source, or a mapping with one, is expected; correct it")
        for field in ("checksums", "extensions"):
            if whole.get(field):
                raise Unsupported(f"{where}: {field}: not supported; see docs/engine.md")
        if unknown := set(whole) - _PACKAGE:
            raise InvalidProject(f"{where}: {sorted(unknown)[0]}: not a member of a package; leave it out")
        if not whole["source"].startswith(("./", "..", "/")):
            continue
        folder = file.parent / whole["source"]
        if not folder.is_dir():
            raise InvalidProject(f"{where}: source {whole['source']!r}: no such folder; give the plugin's")
        found.append(ProjectPlugin(str(name), folder.resolve()))
    return tuple(found)


def _plugin(file: Path, index: int, data: Any) -> ProjectPlugin:  # noqa: ANN401 - what YAML holds
    where = f"plugins.providers[{index}]: {file}"
    if not isinstance(data, dict) or set(data) - {"name", "path", "version"}:
        raise InvalidProject(f"{where}: a mapping of name, path and version is expected; correct it")
    name, path, version = (str(data.get(field) or "") for field in ("name", "path", "version"))
    if not name:
        raise InvalidProject(f"{where}: it has no name; add the plugin's")
    if version and versions.parse(version) is None:
        raise InvalidProject(f"{where}: version {version!r}: not a semantic version; write it like 1.2.3")
    folder = file.parent / path
    if not path or not folder.is_dir():
        raise InvalidProject(f"{where}: path {path!r}: no such folder; give that of pulumi-resource-{name}")
    return ProjectPlugin(name, folder, version)
