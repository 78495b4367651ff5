"""`runtime.options` of Pulumi.yaml: the packages that a program finds beside those of this process.

The program runs in this process, so a virtual environment of another Python cannot be used, and of what lies
in both the program gets what datahall runs with: modules that the engine uses, too, are loaded once.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from datahall.engine.errors import InvalidProject, Unsupported

_TOOLCHAINS = ("pip", "uv", "poetry")
_MAKE = {"pip": "pulumi install", "uv": "uv sync"}
_BESIDE = "or install the project's requirements beside datahall and take the option out"
_MOST_TOLD = 5


@dataclass(frozen=True)
class VirtualEnv:
    """A virtual environment of this Python. `packages` is its site-packages."""

    folder: Path
    packages: Path

    def enter(self) -> None:
        """Let this process find its packages, after all others (`.pth` files are obeyed)."""
        site.addsitedir(str(self.packages))

    def environment(self) -> dict[str, str]:
        """What a shell has where it is activated."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", "")])
        return {"VIRTUAL_ENV": str(self.folder), "PATH": path}

    def differing(self) -> str:
        """What is there in another version than here, in words; empty if nothing is."""
        here = {package.name: package.version for package in metadata.distributions()}
        there = metadata.distributions(path=[str(self.packages)])
        found = [
            f"{package.name} {package.version} (here {here[package.name]})"
            for package in sorted(there, key=lambda package: package.name)
            if here.get(package.name, package.version) != package.version
        ]
        more = [f"{len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else []
        return ", ".join([*found[:_MOST_TOLD], *more])


def virtualenv_of(root: Path, options: Mapping[str, object]) -> VirtualEnv | None:
    """The one that a program is to be run with; None if it is this Python's own, or none is named.

    Raises InvalidProject for an option that is wrong, Unsupported for what this engine cannot obey.
    """
    toolchain = _checked(root / "Pulumi.yaml", options)
    named = str(options.get("virtualenv") or "")
    if not named and toolchain != "uv":
        return None
    folder = root / named if named else _of_uv(root)
    what = f"virtualenv: {folder}"
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", scheme))
    if not folder.is_dir():
        raise InvalidProject(f"{what}: not there; make it ({_MAKE[toolchain]}), {_BESIDE}")
    if not packages.is_dir():
        others = [found.parent.name for found in sorted(folder.glob("lib/python*/site-packages"))]
        ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
        if not others:
            raise InvalidProject(f"{what}: no virtual environment; make it ({_MAKE[toolchain]}), {_BESIDE}")
        raise Unsupported(
            f"{what}: is of {', '.join(others)}, and the program runs in datahall's {ours}; "
            f"make it with that, {_BESIDE}"
        )
    if packages.resolve() in {Path(entry).resolve() for entry in sys.path}:
        return None
    _check_alone(what, packages)
    return VirtualEnv(folder, packages)


def _checked(file: Path, options: Mapping[str, object]) -> str:
    """The toolchain."""
    for name, value in options.items():
        if name not in ("virtualenv", "toolchain", "typechecker"):
            raise InvalidProject(f"runtime.options.{name}: {file}: no such option; take it out")
        if value is not None and not isinstance(value, str):
            raise InvalidProject(f"runtime.options.{name}: {value!r}: a text is expected; correct {file}")
    toolchain, checker = str(options.get("toolchain") or "pip"), str(options.get("typechecker") or "none")
    if toolchain not in _TOOLCHAINS:
        raise InvalidProject(
            f"toolchain: {toolchain}: must be one of {', '.join(_TOOLCHAINS)}; correct {file}"
        )
    if toolchain == "poetry":
        raise Unsupported(
            "toolchain: poetry: not supported by the embedded engine, as only poetry knows where its virtual "
            f"environment lies; name that as `virtualenv` with `toolchain: pip`, {_BESIDE}"
        )
    if checker != "none":
        raise Unsupported(
            f"typechecker: {checker}: not run by the embedded engine; run it yourself, take it out of {file}"
        )
    return toolchain


def _of_uv(root: Path) -> Path:
    """Where uv keeps a project's environment: beside the nearest lock, else the nearest pyproject.toml."""
    above = [root, *root.parents]
    marked = (place for name in ("uv.lock", "pyproject.toml") for place in above if (place / name).is_file())
    return next(marked, root) / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _check_alone(what: str, packages: Path) -> None:
    """Raise Unsupported if modules of another virtual environment are loaded: a process has one."""
    known = [*map(Path, sys.path), packages]
    for module in list(sys.modules.values()):
        file = Path(getattr(module, "__file__", None) or "")
        if "site-packages" in file.parts and not any(file.is_relative_to(folder) for folder in known):
            raise Unsupported(
                f"{what}: this process has run a program with another ({file}); run each in its own process"
            )
