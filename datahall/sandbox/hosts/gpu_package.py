"""The package that stands in for the GPU driver on emulated hosts: a real .deb of emulated_gpu/."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from datahall.sandbox.hosts.processes import run

NAME = "emulated-gpu"
_VERSION = "535.183.1"
_SOURCE = Path(__file__).parent / "emulated_gpu"
_COMMANDS = {"nvidia-smi": "smi", "dcgmi": "dcgmi", "emulated-gpu": "faults"}
_CONTROL = f"""Package: {NAME}
Version: {_VERSION}+emulated
Architecture: all
Maintainer: datahall <datahall@localhost>
Depends: python3
Description: answers as 8 H100 GPUs, EMULATED, and can be told to fail
 There is no GPU behind it. Every report of it says so.
"""
# Device nodes that can be opened and hold nothing: /dev/null by another name.
_DEVICES = "".join(f"c /dev/nvidia{index} 0666 root root - 1:3\n" for index in range(8))
_POSTINST = "#!/bin/sh\nset -e\nsystemd-tmpfiles --create emulated-gpu.conf\n"


def _files() -> dict[str, tuple[str, int]]:
    """Path in the package -> content and mode."""
    module = "usr/lib/python3/dist-packages/emulated_gpu"
    files = {f"{module}/{file.name}": (file.read_text(), 0o644) for file in sorted(_SOURCE.glob("*.py"))}
    for command, name in _COMMANDS.items():
        files[f"usr/bin/{command}"] = (
            f'#!/bin/sh\nexec /usr/bin/python3 -I -m emulated_gpu.{name} "$@"\n',
            0o755,
        )
    files["usr/lib/tmpfiles.d/emulated-gpu.conf"] = (_DEVICES, 0o644)
    files["DEBIAN/control"] = (_CONTROL, 0o644)
    files["DEBIAN/postinst"] = (_POSTINST, 0o755)
    return files


def fingerprint() -> str:
    """Changes with the package's content."""
    return hashlib.sha256(repr(sorted(_files().items())).encode()).hexdigest()


def build(into: Path) -> Path:
    """Build the package into a folder; give its file."""
    tree = Path(tempfile.mkdtemp(prefix="datahall-deb-"))
    try:
        tree.chmod(0o755)
        for name, (content, mode) in _files().items():
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(mode)
        out = into / f"{NAME}_{_VERSION}+emulated_all.deb"
        run(
            ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(out)],
            what=f"building {out.name}",
        )
        return out
    finally:
        shutil.rmtree(tree)
