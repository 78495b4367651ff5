"""ssh to the hosts: a key of theirs alone, host keys known beforehand, and a way into their network."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from datahall.sandbox.hosts import base
from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import Machine
from datahall.sandbox.hosts.network import within
from datahall.sandbox.hosts.processes import run
from datahall.sandbox.hosts.store import Record

BOOT_S = 180.0
"""What a boot may take: 5 to 10 s, many times that on a machine that is busy with other things."""

_CONNECT = Path(__file__).parent / "connect.py"


def config_file(folder: Path) -> Path:
    """The ssh configuration: ``ssh -F FILE worker-1``."""
    return folder / "ssh_config"


def control_folder(folder: Path) -> Path:
    """Where Ansible keeps its open connections: a short path, because a socket's may have 107 bytes."""
    return Path("/run") / f"datahall-ssh-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def close_connections(folder: Path) -> None:
    """End the connections that Ansible left open; each would hold the hosts' network."""
    control = control_folder(folder)
    for socket in control.glob("*") if control.is_dir() else []:
        asked = ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "host"]
        subprocess.run(asked, check=False, capture_output=True)
    shutil.rmtree(control, ignore_errors=True)


def operator_key(folder: Path) -> str:
    """The operator's public key; the pair is made when it is first asked for."""
    return _pair(folder / "key", "operator")


def host_key(folder: Path, machine: Machine) -> tuple[str, str]:
    """A host's private and public key; made once, kept for as long as the host is."""
    file = folder / "machines" / machine.name / "host_key"
    public = _pair(file, machine.name)
    return file.read_text(), public


def own(upper: Path, lower: Path) -> None:
    """Give what lies in the operator's home to the operator, as the base knows it."""
    home = Path("home") / base.OPERATOR
    owner = (lower / home).stat()
    for path in [upper / home, *(upper / home).rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o700 if path.is_dir() else 0o600)


def write_config(folder: Path, record: Record) -> None:
    """Write ssh_config and known_hosts for the hosts as they are now."""
    if record.network is None:
        return
    keys = [_known(folder, machine) for machine in record.machines]
    (folder / "known_hosts").write_text("".join(keys))
    proxy = " ".join([*within(record.network), sys.executable, "-IS", str(_CONNECT), "%h", "%p"])
    lines = [f"Host {machine.name}\n  HostName {machine.address}\n" for machine in record.machines]
    lines.append(
        f"Host *\n  User {base.OPERATOR}\n  IdentityFile {folder / 'key'}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder / 'known_hosts'}\n  StrictHostKeyChecking yes\n"
        f"  ProxyCommand {proxy}\n  ProxyUseFdpass yes\n  ConnectTimeout 10\n  LogLevel ERROR\n"
    )
    config_file(folder).write_text("\n".join(lines))


def command(folder: Path, name: str, argv: Sequence[str] = ()) -> list[str]:
    """The ssh command line for a host."""
    return ["ssh", "-F", str(config_file(folder)), name, *argv]


def wait_ready(folder: Path, name: str, *, timeout_s: float = BOOT_S) -> None:
    """Wait until it has booted.

    Raises:
        HostsFailedError: it has not, or units failed in it.
    """
    deadline = time.monotonic() + timeout_s
    said = ""
    while (left := deadline - time.monotonic()) > 0:
        state, said = _ask_state(folder, name, left)
        if state == "running":
            return
        if state in {"degraded", "maintenance"}:
            break
        time.sleep(0.2)
    raise HostsFailedError(f"{name}: has not booted: {' '.join(said.split()) or 'no answer'}")


def _ask_state(folder: Path, name: str, timeout_s: float) -> tuple[str, str]:
    """What systemd says of the whole host, and all that was said."""
    ask = "systemctl is-system-running --wait; systemctl --failed --plain --no-legend"
    try:
        done = subprocess.run(
            command(folder, name, [ask]), check=False, capture_output=True, text=True, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        return "", f"no end of its start within {timeout_s:.0f} s"
    return done.stdout.partition("\n")[0], done.stdout + done.stderr


def _known(folder: Path, machine: Machine) -> str:
    kind, key, *_ = host_key(folder, machine)[1].split()
    return f"{machine.name},{machine.address} {kind} {key}\n"


def _pair(file: Path, comment: str) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)],
            what=f"making the ssh key of {comment}",
        )
    return file.with_name(f"{file.name}.pub").read_text()
