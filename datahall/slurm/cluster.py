"""The Slurm cluster on the emulated hosts, reached over ssh."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from datahall.errors import OperationError, UserError
from datahall.sandbox import hosts
from datahall.sandbox.hosts import HostsFailedError, Power, Role

_FIX = "bring them up, and Slurm on them: datahall up metal"
_TIMEOUT_S = 120


@dataclass(frozen=True)
class Cluster:
    """The hosts' folder, the head, and the workers."""

    folder: Path
    head: str
    workers: tuple[str, ...]

    def ask(self, command: str, *, host: str | None = None, stdin: str = "") -> str:
        """What a command on a host (the head) says.

        Raises:
            OperationError: it failed.
        """
        name = host or self.head
        done = self.attempt(command, host=name, stdin=stdin)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise OperationError(f"{name}: exit code {done.returncode}: {' | '.join(said[-3:])}")
        return done.stdout

    def attempt(self, command: str, *, host: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """A command on a host, come what may; exit code 255 where the host does not answer."""
        argv = hosts.ssh(self.folder, host, [command])
        try:
            return subprocess.run(
                argv, check=False, capture_output=True, text=True, input=stdin, timeout=_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 255, "", f"no answer within {_TIMEOUT_S} s")


def find(folder: Path) -> Cluster:
    """The cluster on the hosts of a folder.

    Raises:
        UserError: there are no hosts, or no Slurm on them.
    """
    try:
        seen = hosts.hosts(folder)
    except HostsFailedError as error:
        raise OperationError(str(error)) from None
    running = [host for host in seen if host.power is Power.RUNNING]
    head = next((host.name for host in running if host.role is Role.HEAD), None)
    workers = tuple(host.name for host in running if host.role is Role.WORKER)
    if head is None or not workers:
        raise UserError("--on", "slurm", f"no emulated hosts run in {folder}", _FIX)
    cluster = Cluster(folder, head, workers)
    if cluster.attempt("sinfo --noheader", host=head).returncode:
        raise UserError("--on", "slurm", f"{head} has no Slurm that answers", _FIX)
    return cluster
