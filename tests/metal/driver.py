"""Drives emulated hosts and plain ansible-playbook, and looks at what the machine has of them."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from datahall.sandbox import hosts
from datahall.sandbox.hosts import Power, cgroups, machine, mirror, processes

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "playbooks"
KILL_STEP = int(os.environ.get("DATAHALL_KILL_STEP", "3"))
"""How many tasks that change something lie between two kills of a converge."""
_CALLBACKS = Path(__file__).with_name("callbacks")
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a playbook did."""

    code: int
    output: str
    seconds: float

    @property
    def said(self) -> str:
        """The output in one line: Ansible folds what it shows."""
        return " ".join(self.output.split())

    @property
    def changed(self) -> dict[str, int]:
        """Host -> tasks that changed something, or would have."""
        return {found[1]: int(found[3]) for found in _RECAP.finditer(self.output)}

    @property
    def failed(self) -> set[str]:
        """Hosts that did not answer, or on which a task failed."""
        return {found[1] for found in _RECAP.finditer(self.output) if int(found[4]) or int(found[5])}

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
    slowness: float

    @classmethod
    def up(cls, home: Path) -> "Site":
        """Bring them up, base and mirror made beforehand where they are missing."""
        packages = mirror.packages_of(PLAYBOOKS / "roles")
        hosts.prepare(packages)
        slow, begun = slowness(), time.monotonic()
        hosts.up(home / "hosts", packages)
        return cls(home, time.monotonic() - begun, slow)

    @property
    def folder(self) -> Path:
        return self.home / "hosts"

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find these hosts."""
        return {**os.environ, "DATAHALL_HOME": str(self.home), "ANSIBLE_NOCOLOR": "1"}

    def down(self) -> None:
        hosts.down(self.folder)

    def killed(self, name: str) -> Run:
        """Run it until it has changed something in ``KILL_STEP`` tasks, and kill it there."""
        return self.playbook(
            name,
            ANSIBLE_CALLBACK_PLUGINS=str(_CALLBACKS),
            ANSIBLE_CALLBACKS_ENABLED="killer",
            DATAHALL_KILL_AFTER=str(KILL_STEP),
        )

    def playbook(self, name: str, *arguments: str, **variables: str) -> Run:
        """Run it as a data-centre engineer does; ``variables`` are the environment's."""
        begun, used = time.monotonic(), self._cpu()
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook"), name, *arguments],
            check=False, capture_output=True, text=True, cwd=PLAYBOOKS,
            env={**self.environment, **variables},
        )  # fmt: skip
        seconds = time.monotonic() - begun
        said = " ".join([name, *arguments])
        load = os.getloadavg()[0]
        print(f"{said}: {seconds:.0f} s, {self._cpu() - used:.0f} CPU s, load {load:.0f}", flush=True)
        return Run(done.returncode, done.stdout + done.stderr, seconds)

    def _cpu(self) -> float:
        """CPU seconds of the hosts and of this process's children so far."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        hosts_own = cgroups.cpu_seconds(machine.group(self.folder.resolve()))
        return hosts_own + children.ru_utime + children.ru_stime

    def ssh(self, host: str, command: str) -> str:
        """The output of a command on a host; it must succeed."""
        done = self.try_ssh(host, command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until(self, host: str, command: str, said: str) -> str:
        """What a command on a host says once ``said`` is in it, asked again and again."""
        deadline = time.monotonic() + 300
        while said not in (shown := self.ssh(host, command)):
            assert time.monotonic() < deadline, shown
            time.sleep(1)
        return shown

    def off(self, host: str) -> None:
        """Wait until a host has put itself off."""
        deadline = time.monotonic() + 300
        while any(each.name == host and each.power is Power.RUNNING for each in hosts.hosts(self.folder)):
            assert time.monotonic() < deadline, f"{host} is still on"
            time.sleep(1)

    def try_ssh(self, host: str, command: str) -> "subprocess.CompletedProcess[str]":
        """A command on a host, come what may."""
        return subprocess.run(
            hosts.ssh(self.folder, host, [command]), check=False, capture_output=True, text=True, timeout=300
        )

    def take_back(self, worker: str) -> None:
        """Resume a node that its health check may have drained; Slurm refuses it of one that is not."""
        self.try_ssh("head-1", f"sudo scontrol update NodeName={worker} State=RESUME")


def machine_state(*own: Path) -> dict[str, list[str]]:
    """The machine's mounts, interfaces, rules, namespaces, control groups and our processes.

    ``own``: the environments that are looked at; what belongs to any other (another run of these tests, a
    person's hosts) is left out, because it comes and goes as it likes.
    """
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    others = _others(own)
    groups = [str(path) for path in Path("/sys/fs/cgroup").rglob("datahall-hosts-*")]
    seen = _processes()
    running = {pid: said for pid, said in seen.items() if not others.intersection(_marks(said))}
    # a process that only enters another's network, as an ssh on its way does, names no environment
    theirs = {_namespace(pid) for pid in seen.keys() - running.keys()} - {_namespace(os.getpid())}
    watched = re.compile(r"systemd-nspawn|hosts/host\.sh|gpg-agent|\[mux\]")
    return {
        "mounts": sorted(mounts),
        "interfaces": _out("ip", "-brief", "link").splitlines(),
        "rules": _out("nft", "list", "ruleset").splitlines(),
        "namespaces": sorted({name for pid in running if (name := _namespace(pid))} - theirs),
        "control groups": sorted(path for path in groups if not others.intersection(_marks(path))),
        "processes": sorted(said for said in running.values() if watched.search(said)),
        "run": sorted(str(path) for path in Path("/run").glob("datahall*") if not others & _marks(str(path))),
    }


def slowness() -> float:
    """How many times slower than on an idle machine a process goes now: its wall time over its CPU time."""
    begun = time.monotonic()
    work = "import time; sum(range(30_000_000)); print(time.process_time())"
    used = float(_out(sys.executable, "-IS", "-c", work))
    return max(1.0, (time.monotonic() - begun) / used)


def _marks(text: str) -> set[str]:
    """The environments that a path, a control group or a command line names."""
    return set(re.findall(r"datahall-(?:hosts|ssh)-([0-9a-f]{8})", text))


def _others(own: Iterable[Path]) -> set[str]:
    ours = {mark for folder in own for mark in _marks(machine.group(folder.resolve()))}
    seen = [*_processes().values(), *map(str, Path("/run").glob("datahall*"))]
    seen += [str(path) for path in Path("/sys/fs/cgroup").rglob("datahall-hosts-*")]
    return {mark for text in seen for mark in _marks(text)} - ours


def _processes() -> dict[int, str]:
    """Every process that has not ended: its command line and its control groups."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            groups = (process / "cgroup").read_text().replace("\n", " ")
            zombie = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue  # it ended while we looked
        if not zombie:
            found[int(process.name)] = f"{processes.arguments(int(process.name))} {groups}"
    return found


def _namespace(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def _out(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
