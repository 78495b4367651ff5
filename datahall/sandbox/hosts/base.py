"""The base: a blank Debian as an installer leaves it, made once and cached outside the project.

Every host is an overlay on it, so it must not change while hosts run: another recipe is another folder.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from datahall.sandbox.hosts import sources
from datahall.sandbox.hosts.processes import run

SUITE = "bookworm"
OPERATOR = "ops"  # the installer's user: sudo without a password, ssh with a key alone
# What an installer's minimal choice plus ssh leaves, and Python, which Ansible needs to begin at all.
PACKAGES = [
    "systemd",
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "udev",
    "kmod",
    "openssh-server",
    "python3",
    "python3-apt",
    "sudo",
    "iproute2",
    "iputils-ping",
    "procps",
    "netbase",
    "less",
]
_FINISH = f"""
set -eu
useradd --create-home --shell /bin/bash {OPERATOR}
echo '{OPERATOR} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/installer
chmod 0440 /etc/sudoers.d/installer
install -d -m 0700 -o {OPERATOR} -g {OPERATOR} /home/{OPERATOR}/.ssh
systemctl enable systemd-networkd.service ssh.service
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf /var/lib/dbus/machine-id
: >/etc/machine-id
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/apt/sources.list
: >/etc/apt/sources.list
"""


def cache() -> Path:
    """Where bases and mirrors are kept: ``$XDG_CACHE_HOME/datahall``, or the same below ``~/.cache``."""
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "datahall" / "hosts"


def path() -> Path:
    """The folder of the base that this recipe makes."""
    recipe = hashlib.sha256("\n".join([SUITE, *PACKAGES, _FINISH]).encode()).hexdigest()
    return cache() / f"base-{SUITE}-{recipe[:12]}"


def ensure(tell: Callable[[str], None]) -> Path:
    """Make the base unless it is there; whole or not at all."""
    folder = path()
    if folder.is_dir():
        return folder
    tell(f"making the Debian {SUITE} base, once (a minute or two)")
    cache().mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="making-", dir=cache()))
    try:
        made.chmod(0o755)
        include = f"--include={','.join(PACKAGES)}"
        run(
            ["debootstrap", "--variant=minbase", include, SUITE, str(made), sources.mirror()],
            what="making the Debian base",
        )
        run(["chroot", str(made), "sh", "-c", _FINISH], what="finishing the Debian base")
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder
