"""A project: the folder with a Pulumi.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datahall.engine.declared_config import Declared, read_declared
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.project_plugins import ProjectPlugin, read_packages, read_plugins
from datahall.engine.required_version import wrong_with

ORGANIZATION = "organization"  # of every stack in a self-managed backend
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where a project's program and configuration lie, and what Pulumi.yaml says besides.

    `refreshes`: preview, up and destroy do a refresh first. `config` are the project's own defaults.

    `runtime` are the options of its Python, which virtualenv.py reads.

    `backend_url` says where its stacks are kept, unless the environment does; it may be empty.
    """

    name: str
    root: Path
    main: Path
    config_dir: Path
    config: tuple[Declared, ...] = ()
    plugins: tuple[ProjectPlugin, ...] = ()
    refreshes: bool = False
    runtime: Mapping[str, object] = field(default_factory=dict)
    backend_url: str = ""

    def config_file(self, stack: str) -> Path:
        """The stack's configuration file, whether it exists or not."""
        return self.config_dir / f"Pulumi.{stack}.yaml"


def load_project(root: Path) -> Project:
    """Read `root`/Pulumi.yaml. Raises InvalidProject, or Unsupported for another language."""
    root = root.resolve()  # the program runs in a folder of its own
    file = root / "Pulumi.yaml"
    if not file.is_file():
        raise InvalidProject(f"project: {file}: no such file; give the folder that holds Pulumi.yaml")
    data = read_yaml(file)
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise InvalidProject(f"name: {name!r}: letters, digits, `_`, `.` and `-` only; correct {file}")
    runtime = data.get("runtime")
    runtime_name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if runtime_name != "python":
        raise Unsupported(f"runtime: {runtime_name}: the embedded engine runs Python programs only ({file})")
    required = str(data.get("requiredPulumiVersion") or "")
    if required and (wrong := wrong_with(required)):
        raise InvalidProject(f"requiredPulumiVersion: {required}: {wrong} ({file})")
    config, config_dir = data.get("config") or {}, data.get("stackConfigDir")
    if isinstance(config, str):  # an older form of stackConfigDir
        if config_dir:
            raise InvalidProject(f"config: {file}: a folder, as stackConfigDir is; give that only")
        config, config_dir = {}, config
    if not isinstance(config, dict):
        raise InvalidProject(f"config: {file}: a mapping is expected; correct it")
    return Project(
        name=name,
        root=root,
        main=root / str(data.get("main") or "."),
        config_dir=root / str(config_dir or "."),
        config=read_declared(file, name, {str(key): value for key, value in config.items()}),
        plugins=(*read_plugins(file, data.get("plugins")), *read_packages(file, data.get("packages"))),
        refreshes=_refreshes(file, data.get("options")),
        backend_url=_backend_url(file, data.get("backend")),
        runtime=_runtime(file, runtime),
    )


def _runtime(file: Path, runtime: object) -> dict[str, object]:
    options = runtime.get("options") if isinstance(runtime, dict) else None
    if options is not None and not isinstance(options, dict):
        raise InvalidProject(f"runtime.options: {file}: a mapping is expected; correct it")
    return {str(name): value for name, value in (options or {}).items()}


def _refreshes(file: Path, options: object) -> bool:
    if not options:
        return False
    if not isinstance(options, dict) or set(options) != {"refresh"} or options["refresh"] != "always":
        raise InvalidProject(f"options: {file}: only `refresh: always`; correct it")
    return True


def _backend_url(file: Path, backend: object) -> str:
    if backend is None:
        return ""
    url = backend.get("url") if isinstance(backend, dict) else None
    if not isinstance(url, str) or set(backend) != {"url"}:  # type: ignore[call-overload]  # a mapping, by then
        raise InvalidProject(f"backend: {file}: must be a mapping with a `url` only; correct it")
    return url


def check_project_name(name: str) -> None:
    """Raise InvalidProject unless `name` is a legal project name."""
    if not _NAME.match(name) or not name.strip("."):
        raise InvalidProject(f"project: {name!r}: letters, digits, `_`, `.` and `-` only; correct it")


def qualified(project: Project, given: str) -> tuple[str, str]:
    """The project and the stack of `STACK` or `organization/[PROJECT/]STACK`. Raises InvalidProject."""
    parts = given.split("/")
    if len(parts) > 1 and (parts[0] != ORGANIZATION or len(parts) > 3):
        raise InvalidProject(
            f"stack: {given!r}: must be STACK or {ORGANIZATION}/PROJECT/STACK in a backend of one's own; "
            "choose another name"
        )
    named = parts[1] if len(parts) == 3 else project.name
    check_project_name(named)
    return named, parts[-1]


def check_stack_name(stack: str) -> None:
    """Raise InvalidProject unless `stack` is a legal stack name."""
    if not _NAME.match(stack):
        raise InvalidProject(f"stack: {stack!r}: letters, digits, `_`, `.` and `-` only; choose another name")


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML file's mapping. Raises InvalidProject with the line for malformed YAML."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        raise InvalidProject(f"{file}{where}: not valid YAML; correct the file") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidProject(f"{file}: a mapping is expected at the top; correct the file")
    return data
