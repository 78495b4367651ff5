"""Plugins that are Python source in a folder with a PulumiPlugin.yaml (`pulumi package add ./FOLDER`)."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import yaml

from datahall.engine.errors import InvalidProject, Unsupported

FILE = "PulumiPlugin.yaml"


def source_command(folder: Path) -> list[str] | None:
    """What starts the plugin, all but the engine's address; None where there is no PulumiPlugin.yaml.

    It runs with the virtual environment that the file names, or with `venv` or `.venv` in the folder, else
    with this Python. Raises Unsupported for another language, InvalidProject for what cannot be started.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        data = None
    runtime = data.get("runtime") if isinstance(data, dict) else None
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise Unsupported(f"plugin: {file}: runtime {name}: only python is supported")
    options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
    python = _python(folder, file, str(options.get("virtualenv") or ""))
    if (folder / "__main__.py").is_file():
        return [python, "-u", str(folder)]
    return [python, "-u", "-m", "pulumi.run.plugin", _built(folder)]


def _python(folder: Path, file: Path, virtualenv: str) -> str:
    for name in [virtualenv] if virtualenv else ["venv", ".venv"]:
        python = folder / name / "bin" / "python"
        if os.access(python, os.X_OK):
            return str(python)
    if virtualenv:
        raise InvalidProject(f"plugin: {file}: virtualenv {virtualenv!r}: not there; make it: pulumi install")
    return sys.executable


def _built(folder: Path) -> str:
    """The name of the package that the folder builds."""
    file = folder / "pyproject.toml"
    try:
        name = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        name = None
    if not isinstance(name, str):
        raise InvalidProject(f"plugin: {folder}: no __main__.py, no pyproject.toml with a name")
    return name
