"""Drives emulated hosts and plain ansible-playbook, and looks at what the machine has of them."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox import hosts
from datahall.sandbox.hosts import mirror

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "playbooks"
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a playbook did."""

    code: int
    output: str
    seconds: float

    @property
    def changed(self) -> dict[str, int]:
        """Host -> tasks that changed something, or would have."""
        return {found[1]: int(found[3]) for found in _RECAP.finditer(self.output)}

    def succeeded(self) -> "Run":
        """Itself; shows what went wrong otherwise."""
        assert self.code == 0, self.output[-6000:]
        assert self.changed, self.output
        return self


@dataclass(frozen=True)
class Site:
    """Emulated hosts in a home folder of their own."""

    home: Path
    seconds: float

    @classmethod
    def up(cls, home: Path) -> "Site":
        """Bring them up, base and mirror made beforehand where they are missing."""
        packages = mirror.packages_of(PLAYBOOKS / "roles")
        hosts.prepare(packages)
        begun = time.monotonic()
        hosts.up(home / "hosts", packages)
        return cls(home, time.monotonic() - begun)

    @property
    def folder(self) -> Path:
        return self.home / "hosts"

    def down(self) -> None:
        hosts.down(self.folder)

    def playbook(self, name: str, *arguments: str) -> Run:
        """Run it as a data-centre engineer does."""
        begun = time.monotonic()
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook"), name, *arguments],
            check=False, capture_output=True, text=True, cwd=PLAYBOOKS,
            env={**os.environ, "DATAHALL_HOME": str(self.home), "ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
        seconds = time.monotonic() - begun
        print(f"{name} {' '.join(arguments)}: {seconds:.0f} s")
        return Run(done.returncode, done.stdout + done.stderr, seconds)

    def ssh(self, host: str, command: str) -> str:
        """The output of a command on a host; it must succeed."""
        done = self.try_ssh(host, command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_ssh(self, host: str, command: str) -> "subprocess.CompletedProcess[str]":
        """A command on a host, come what may."""
        return subprocess.run(
            hosts.ssh(self.folder, host, [command]), check=False, capture_output=True, text=True, timeout=60
        )


def machine_state() -> dict[str, list[str]]:
    """The machine's mounts, interfaces, rules, namespaces, control groups and our processes."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    groups = [str(path) for path in Path("/sys/fs/cgroup").rglob("datahall-hosts-*")]
    running = _out("ps", "-eo", "args").splitlines()
    ours = [line for line in running if re.search(r"systemd-nspawn|hosts/host\.sh|gpg-agent|\[mux\]", line)]
    return {
        "mounts": sorted(mounts),
        "interfaces": _out("ip", "-brief", "link").splitlines(),
        "rules": _out("nft", "list", "ruleset").splitlines(),
        "namespaces": sorted(set(_out("lsns", "--noheadings", "--type=net", "--output=NS").split())),
        "control groups": sorted(groups),
        "processes": sorted(line for line in ours if "defunct" not in line),
        "run": sorted(str(path) for path in Path("/run").glob("datahall*")),
    }


def _out(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
