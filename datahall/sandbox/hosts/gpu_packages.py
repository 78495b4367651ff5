"""The packages that stand in for NVIDIA's on emulated hosts: .debs of emulated_gpu/, some a release each."""

from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox.hosts.debs import Package, command, modules
from datahall.sandbox.hosts.emulated_gpu.gpus import device_nodes

DRIVER, FABRIC, TOOLKIT, EXPORTER = (
    f"emulated-{part}" for part in ("gpu", "fabricmanager", "container-toolkit", "dcgm-exporter")
)
_SOURCE = Path(__file__).parent / "emulated_gpu"
_UNITS = "usr/lib/systemd/system"
_PERSISTENCED = """[Unit]
Description=NVIDIA Persistence Daemon (EMULATED)
[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=60
ExecStart=/usr/bin/nvidia-smi -pm 1
ExecStop=-/usr/bin/nvidia-smi -pm 0
[Install]
WantedBy=multi-user.target
"""
_FABRIC = """[Unit]
Description=NVIDIA fabric manager (EMULATED)
After=systemd-tmpfiles-setup.service
[Service]
ExecStart=/usr/bin/nv-fabricmanager
[Install]
WantedBy=multi-user.target
"""
# as the real one's: what runs is of the version that is installed;
# where it does not start, the package is installed all the same
_RESTART = """#!/bin/sh
set -e
if systemctl --quiet is-enabled nvidia-fabricmanager; then systemctl restart nvidia-fabricmanager || true; fi
"""
_RUNTIME = """#!/bin/sh
# EMULATED: adds no GPU to a container; all else is runc's
exec runc "$@"
"""


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
    def module(self) -> str:
        """The module by which the package knows itself."""
        said = '"""The release that this package stands in for."""'
        return f'{said}\n\nDRIVER = "{self.driver}"\nWORKS = {self.works}\n'


# The role's defaults name the first; the others are there to be upgraded to.
RELEASES = (Release("535.183.01"), Release("550.54.15"), Release("555.42.02", works=False))


def packages() -> list[Package]:
    """All of them."""
    toolkit = {
        "usr/bin/nvidia-container-runtime": (_RUNTIME, 0o755),
    }
    exporter = {"usr/bin/dcgm-exporter": _command("exporter")}
    return [
        *map(driver, RELEASES),
        *map(_fabric, RELEASES),
        Package(
            TOOLKIT, "1.17.4+emulated", "runc", "NVIDIA's container runtime, which is runc here", toolkit
        ),
        Package(EXPORTER, "4.1.1+emulated", DRIVER, "DCGM's metrics of the emulated GPUs", exporter),
    ]


def driver(release: Release) -> Package:
    """What stands in for the driver, and for DCGM's command."""
    files = modules(_SOURCE)
    files["usr/lib/python3/dist-packages/emulated_gpu/release.py"] = (release.module, 0o644)
    for tool, name in (("nvidia-smi", "smi"), ("dcgmi", "dcgmi"), ("emulated-gpu", "faults")):
        files[f"usr/bin/{tool}"] = _command(name)
    files["usr/lib/tmpfiles.d/emulated-gpu.conf"] = (device_nodes(8, switched=True), 0o644)
    files[f"{_UNITS}/nvidia-persistenced.service"] = (_PERSISTENCED, 0o644)
    files["DEBIAN/postinst"] = ("#!/bin/sh\nset -e\nsystemd-tmpfiles --create emulated-gpu.conf\n", 0o755)
    broken = "" if release.works else " (broken on purpose, so that an upgrade to it fails)"
    about = f"answers as 8 H100 GPUs and can be told to fail{broken}"
    return Package(DRIVER, release.version, "python3", about, files)


def _fabric(release: Release) -> Package:
    files = {
        "usr/bin/nv-fabricmanager": _command(f"fabric {release.driver}"),
        f"{_UNITS}/nvidia-fabricmanager.service": (_FABRIC, 0o644),
        "DEBIAN/postinst": (_RESTART, 0o755),
    }
    return Package(FABRIC, release.version, DRIVER, "joins the emulated GPUs of a host", files)


def _command(module: str) -> tuple[str, int]:
    return command(f"emulated_gpu.{module}")
