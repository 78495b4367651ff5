"""The emulated GPU commands as a host has them, in a folder: what a test of them needs, and no host."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox.hosts import gpu_packages

_MODULES = "usr/lib/python3/dist-packages"


@dataclass(frozen=True)
class GpuHost:
    """Its root folder."""

    root: Path

    @classmethod
    def make(cls, root: Path, release: gpu_packages.Release = gpu_packages.RELEASES[0]) -> "GpuHost":
        """Unpack the packages, but the commands run the interpreter of the tests with the modules of here."""
        (root / "dev").mkdir(parents=True)
        own = [each for each in gpu_packages.packages() if each.version in (release.version, each.version)]
        for package in [*own, gpu_packages.driver(release)]:
            for name, (content, mode) in package.files.items():
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content.replace("/usr/bin/python3 -I -B", f"{sys.executable} -S"))
                file.chmod(mode)
        return cls(root)

    @property
    def environment(self) -> dict[str, str]:
        """In which the commands are found and keep to the folder."""
        return {
            **os.environ,
            "PATH": f"{self.root / 'usr/bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / _MODULES),
            "EMULATED_GPU_ROOT": str(self.root),
        }

    def run(self, *argv: str, said: str = "") -> "subprocess.CompletedProcess[str]":
        """A command on it, come what may; ``said`` is its stdin."""
        return subprocess.run(
            argv, check=False, capture_output=True, text=True, env=self.environment, timeout=60, input=said
        )

    def smi(self, arguments: str, code: int = 0) -> str:
        """What nvidia-smi says; it must end with this code."""
        done = self.run("nvidia-smi", *arguments.split())
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def reboot(self) -> None:
        """What a boot clears."""
        for file in (self.root / "run").rglob("*.json"):
            file.unlink()
