"""Packages of ours for emulated hosts: what one is, and how it is built."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from datahall.sandbox.hosts.processes import run


@dataclass(frozen=True)
class Package:
    """A package: what it says of itself, and path -> content and mode.

    ``lacks`` says in a sentence what is not behind it.
    """

    name: str
    version: str
    needs: str
    about: str
    files: Mapping[str, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    lacks: str = "There is no GPU behind it."

    @property
    def control(self) -> str:
        """The package's control file."""
        return (
            f"Package: {self.name}\nVersion: {self.version}\nArchitecture: all\n"
            f"Maintainer: datahall <datahall@localhost>\nDepends: {self.needs}\n"
            f"Description: {self.about}, EMULATED\n {self.lacks} Every report of it says so.\n"
        )


def command(module: str) -> tuple[str, int]:
    """A command that is a Python module of the package, as content and mode."""
    # -B: what a release has compiled is taken for the next one's, where both are of one second and length
    return f'#!/bin/sh\nexec /usr/bin/python3 -I -B -m {module} "$@"\n', 0o755


def modules(source: Path) -> dict[str, tuple[str, int]]:
    """The Python modules of a folder, where the host's interpreter finds them."""
    into = f"usr/lib/python3/dist-packages/{source.name}"
    return {f"{into}/{file.name}": (file.read_text(), 0o644) for file in sorted(source.glob("*.py"))}


def fingerprint(packages: Sequence[Package]) -> str:
    """Changes with the packages' content."""
    told = [(each.control, sorted(each.files.items())) for each in packages]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def build(package: Package, into: Path) -> Path:
    """Build it into a folder; give its file."""
    tree = Path(tempfile.mkdtemp(prefix="datahall-deb-"))
    try:
        tree.chmod(0o755)
        for name, (content, mode) in {**package.files, "DEBIAN/control": (package.control, 0o644)}.items():
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(mode)
        out = into / f"{package.name}_{package.version}_all.deb"
        run(
            ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(out)],
            what=f"building {out.name}",
        )
        return out
    finally:
        shutil.rmtree(tree)
