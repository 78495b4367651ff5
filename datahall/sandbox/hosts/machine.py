"""One emulated host: its own layer of files, its boot, its end."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

from datahall.sandbox.hosts import base, cgroups, environment, network, processes, ssh
from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import EMULATED, NETWORK, Machine, Power, Role
from datahall.sandbox.hosts.processes import alive, end, start
from datahall.sandbox.hosts.store import Record

MIRROR = "/srv/mirror"
"""Where the service host sees the packages, as if somebody had carried them there."""
_SUPERVISOR = Path(__file__).parent / "host.sh"
_NETWORK = (
    f"[Match]\nName=host0\n\n[Network]\nAddress={{address}}/{NETWORK.prefixlen}\nLinkLocalAddressing=no\n"
)


def group(folder: Path, name: str = "") -> str:
    """The control group of an environment, or of one host in it."""
    environment = f"datahall-hosts-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    return f"{environment}/{name}" if name else environment


def files(folder: Path, name: str) -> Path:
    """Where a host's own layer and console log are."""
    return folder / "machines" / name


def create(folder: Path, machine: Machine) -> None:
    """A blank host: its name, its address, its ssh key and the operator's; nothing else differs."""
    own = files(folder, machine.name)
    shutil.rmtree(own, ignore_errors=True)
    for part in ("upper", "work", "root"):
        (own / part).mkdir(parents=True)
        (own / part).chmod(0o755)
    facts = json.dumps({"emulated": EMULATED}, indent=1) + "\n"
    _write(own, "etc/hostname", f"{machine.name}\n")
    _write(own, "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n")
    _write(own, "etc/systemd/network/10-host0.network", _NETWORK.format(address=machine.address))
    _write(own, "etc/ansible/facts.d/datahall.fact", facts)
    private, public = ssh.host_key(folder, machine)
    _write(own, "etc/ssh/ssh_host_ed25519_key", private, mode=0o600)
    _write(own, "etc/ssh/ssh_host_ed25519_key.pub", public)
    _write(own, f"home/{base.OPERATOR}/.ssh/authorized_keys", ssh.operator_key(folder))
    ssh.own(own / "upper", base.path())


def boot(folder: Path, record: Record, machine: Machine) -> Machine:
    """Put it on; returns at once."""
    if record.network is None:
        raise HostsFailedError(f"{machine.name}: there is no network to put it on")
    own = files(folder, machine.name)
    cgroups.kill(group(folder, machine.name))  # what is left of a host whose supervisor was killed
    groups = ":".join(map(str, cgroups.make(group(folder, machine.name))))
    made_of = [str(record.base), str(own), network.BRIDGE, groups]
    apart = ["unshare", "--mount", "--propagation", "private", "sh", str(_SUPERVISOR), machine.name]
    seen = [f"{there}:{at}" for at, there in environment.binds().items()]
    seen += [f"{record.mirror}:{MIRROR}"] if machine.role is Role.SERVICE else []
    process = start([*network.within(record.network), *apart, *made_of, *seen], own / "console.log")
    return replace(machine, process=process)


def shut_down(folder: Path, machine: Machine, *, patience_s: float = 20) -> Machine:
    """As by its power button: in order, and by force once patience is over."""
    end(machine.process, patience_s=patience_s)
    return _off(folder, machine, Power.STOPPED)


def cut_power(folder: Path, machine: Machine) -> Machine:
    """At once, with nothing written and nobody told."""
    cgroups.kill(group(folder, machine.name))  # the supervisor sees its host die, collects it and ends
    end(machine.process, patience_s=2)
    return _off(folder, machine, Power.FAILED)


def power(machine: Machine) -> Power:
    """What is seen of it now."""
    if machine.process is None:
        return machine.off
    return Power.RUNNING if alive(machine.process) else Power.DEAD


def supervisors(folder: Path) -> list[int]:
    """The pids of what watches over this environment's hosts, the record aside."""
    said = f"{_SUPERVISOR} ", f" {folder / 'machines'}/"
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if all(part in processes.arguments(pid) for part in said)]


def _off(folder: Path, machine: Machine, off: Power) -> Machine:
    cgroups.kill(group(folder, machine.name))
    cgroups.remove(group(folder, machine.name))
    return replace(machine, process=None, off=off)


def _write(own: Path, name: str, content: str, *, mode: int = 0o644) -> None:
    file = own / "upper" / name
    for parent in [*reversed(file.relative_to(own).parents)][1:]:
        (own / parent).mkdir(exist_ok=True)
        (own / parent).chmod(0o755)
    file.write_text(content)
    file.chmod(mode)
