"""The package that stands in for Lustre's client on emulated hosts: a .deb of emulated_lustre/."""

from pathlib import Path

from datahall.sandbox.hosts.debs import Package, command, modules

NAME, VERSION = "emulated-lustre", "2.15.5+emulated"
_SOURCE = Path(__file__).parent / "emulated_lustre"


def package() -> Package:
    """``mount.lustre`` and ``lctl``."""
    files = {
        **modules(_SOURCE),
        "usr/sbin/mount.lustre": command("emulated_lustre.mount"),
        "usr/sbin/lctl": command("emulated_lustre.lctl"),
    }
    lacks = "There is no Lustre behind it: a mount is a folder of the host."
    return Package(NAME, VERSION, "python3, iproute2", "answers as a Lustre client", files, lacks)
