"""The package that stands in for the GPU driver on emulated hosts: a .deb of emulated_gpu/ a release."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox.hosts.processes import run

NAME = "emulated-gpu"
_SOURCE = Path(__file__).parent / "emulated_gpu"
_COMMANDS = {"nvidia-smi": "smi", "dcgmi": "dcgmi", "emulated-gpu": "faults"}
# Device nodes that can be opened and hold nothing: /dev/null by another name.
_DEVICES = "".join(f"c /dev/nvidia{index} 0666 root root - 1:3\n" for index in range(8))
_POSTINST = "#!/bin/sh\nset -e\nsystemd-tmpfiles --create emulated-gpu.conf\n"


@dataclass(frozen=True)
class Release:
    """One release of the driver; one that does not work answers as a driver whose module is not loaded."""

    driver: str
    works: bool = True

    @property
    def version(self) -> str:
        """The package's version."""
        return f"{self.driver}+emulated"

    @property
    def control(self) -> str:
        """The package's control file."""
        broken = "" if self.works else " This release is broken on purpose, so that an upgrade to it fails.\n"
        return (
            f"Package: {NAME}\nVersion: {self.version}\nArchitecture: all\n"
            "Maintainer: datahall <datahall@localhost>\nDepends: python3\n"
            "Description: answers as 8 H100 GPUs, EMULATED, and can be told to fail\n"
            f" There is no GPU behind it. Every report of it says so.\n{broken}"
        )

    @property
    def module(self) -> str:
        """The module by which the package knows itself."""
        said = '"""The release that this package stands in for."""'
        return f'{said}\n\nDRIVER = "{self.driver}"\nWORKS = {self.works}\n'


# The role's default names the first; the others are there to be upgraded to.
RELEASES = (Release("535.183.01"), Release("550.54.15"), Release("555.42.02", works=False))


def _files(release: Release) -> dict[str, tuple[str, int]]:
    """Path in the package -> content and mode."""
    module = "usr/lib/python3/dist-packages/emulated_gpu"
    files = {f"{module}/{file.name}": (file.read_text(), 0o644) for file in sorted(_SOURCE.glob("*.py"))}
    files[f"{module}/release.py"] = (release.module, 0o644)
    for command, name in _COMMANDS.items():
        # -B: what a release has compiled is taken for the next one's, where both are of one second and length
        files[f"usr/bin/{command}"] = (
            f'#!/bin/sh\nexec /usr/bin/python3 -I -B -m emulated_gpu.{name} "$@"\n',
            0o755,
        )
    files["usr/lib/tmpfiles.d/emulated-gpu.conf"] = (_DEVICES, 0o644)
    files["DEBIAN/control"] = (release.control, 0o644)
    files["DEBIAN/postinst"] = (_POSTINST, 0o755)
    return files


def fingerprint() -> str:
    """Changes with the packages' content."""
    return hashlib.sha256(
        repr([sorted(_files(release).items()) for release in RELEASES]).encode()
    ).hexdigest()


def build(into: Path) -> list[Path]:
    """Build a package a release into a folder; give their files."""
    return [_build(release, into) for release in RELEASES]


def _build(release: Release, into: Path) -> Path:
    tree = Path(tempfile.mkdtemp(prefix="datahall-deb-"))
    try:
        tree.chmod(0o755)
        for name, (content, mode) in _files(release).items():
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(mode)
        out = into / f"{NAME}_{release.version}_all.deb"
        run(
            ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(out)],
            what=f"building {out.name}",
        )
        return out
    finally:
        shutil.rmtree(tree)
