"""What emulated hosts need of the machine: Linux, root, and a few Debian packages."""

import os
import platform
import shutil

from datahall.sandbox.hosts.errors import HostsUsageError

# command -> the Debian package that has it
TOOLS = {
    "debootstrap": "debootstrap",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ELSE = "use real hosts instead (docs/metal.md): ansible-playbook -i YOUR_INVENTORY playbooks/site.yml"


def missing() -> list[str]:
    """The Debian packages that the machine still needs, sorted."""
    return sorted({package for tool, package in TOOLS.items() if shutil.which(tool, path=_PATH) is None})


def lacking() -> list[str]:
    """Why this machine cannot have emulated hosts, in words; empty where it can."""
    reasons = {
        "not Linux": platform.system() != "Linux",
        "not root": os.geteuid() != 0,
        f"missing packages: {', '.join(missing())}": bool(missing()),
    }
    return [reason for reason, holds in reasons.items() if holds]


def require() -> None:
    """Refuse a machine that cannot have emulated hosts.

    Raises:
        HostsUsageError: not Linux, not root, or a tool is missing.
    """
    if (system := platform.system()) != "Linux":
        raise HostsUsageError("system", system, "emulated hosts need Linux", _ELSE)
    if (user := os.geteuid()) != 0:
        raise HostsUsageError(
            "user id", str(user), "emulated hosts need root", f"run it with sudo, or {_ELSE}"
        )
    if packages := missing():
        raise HostsUsageError(
            "packages", ", ".join(packages), "are not installed", f"apt-get install {' '.join(packages)}"
        )
