"""One training as a Slurm job: what it needs is put on the workers, then it is submitted and followed."""

import json
import re
import shlex
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from datahall.children import Event
from datahall.errors import OperationError, UserError
from datahall.sandbox.hosts import HostsFailedError, environment
from datahall.sandbox.hosts.relay import open_relay
from datahall.site import Site
from datahall.slurm.cluster import Cluster

_SCRIPT = Path(__file__).with_name("job.sh")
_POLL_S = 1.0
_LIVES = frozenset({"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED", "STOPPED"})
_LAST_WORDS = 15


def run(cluster: Cluster, site: Site, model: str, arguments: Sequence[str]) -> Generator[Event, None, None]:
    """Train on all workers that are idle; yield its events, and ``job`` at every change of state.

    The job is cancelled, and what was put on the hosts removed, whenever this ends before it does.

    Raises:
        UserError: the program found its input bad.
        OperationError: it failed, or the hosts did.
    """
    try:
        with (
            open_relay(cluster.folder, _port(site)) as (address, port),
            _placed(cluster, site, f"http://{address}:{port}") as folder,
        ):
            job = _submit(cluster, folder, model, arguments)
            try:
                yield from _follow(cluster, job, folder)
            finally:
                cluster.attempt(f"scancel --quiet {job}", host=cluster.head)
                _ended(cluster, job)
    except HostsFailedError as error:
        raise OperationError(str(error)) from None


def _port(site: Site) -> int:
    return urlsplit(site.variables["AWS_ENDPOINT_URL"]).port or 80


@contextmanager
def _placed(cluster: Cluster, site: Site, endpoint: str) -> Iterator[str]:
    """A folder on every worker with what the program needs; only its owner may read it."""
    folder = f"/home/{environment.USER}/datahall-{uuid.uuid4().hex[:12]}"
    files = {
        "environment": _variables(site, endpoint, folder),
        "site.json": site.file.read_text(),
        "profile.ini": Path(site.variables["AWS_CONFIG_FILE"]).read_text(),
    }
    try:
        for host in cluster.workers:
            cluster.ask(f"umask 077; mkdir {folder}", host=host)
            for name, content in files.items():
                cluster.ask(f"umask 077; cat >{folder}/{name}", host=host, stdin=content)
        yield folder
    finally:
        for host in cluster.workers:  # one that is down loses its folder when it is repaired
            cluster.attempt(f"rm -rf {folder}", host=host)


def _variables(site: Site, endpoint: str, folder: str) -> str:
    variables = {
        name: endpoint if name.startswith("AWS_ENDPOINT_URL") else value
        for name, value in site.variables.items()
    }
    variables |= {"AWS_CONFIG_FILE": f"{folder}/profile.ini", "NO_PROXY": "*", "no_proxy": "*"}
    variables |= environment.variables()
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _submit(cluster: Cluster, folder: str, model: str, arguments: Sequence[str]) -> int:
    asked = shlex.join(
        [
            "sbatch", "--parsable", f"--job-name=train-{model}", f"--nodes=1-{len(cluster.workers)}",
            "--exclusive", "--requeue", "--open-mode=append", f"--chdir={folder}",
            f"--output={folder}/log", "/dev/stdin", folder, model, *arguments,
        ]
    )  # fmt: skip
    return int(cluster.ask(asked, stdin=_SCRIPT.read_text()).partition(";")[0])


def _follow(cluster: Cluster, job: int, folder: str) -> Iterator[Event]:
    """The events in the log of whichever node the job's script runs on, until the job has ended."""
    read: dict[str, int] = {}
    before, problem, words = Event(), Event(), list[str]()
    while True:
        shown = _show(cluster, job)
        if shown != before:
            before = shown
            yield {"event": "job", "job": job, **shown}
        for line in _new_lines(cluster, shown["batch_host"], f"{folder}/log", read):
            event = _event(line)
            if event is None:
                words = [*words[1 - _LAST_WORDS :], line]
            elif event["event"] == "error":
                problem = event
            else:
                yield event
        if shown["state"] not in _LIVES:
            break
        time.sleep(_POLL_S)
    if shown["state"] == "COMPLETED":  # whatever an earlier start of it told
        return
    if problem:
        field, value, rule, fix = (str(problem.get(part, "")) for part in ("field", "value", "rule", "fix"))
        told = UserError(field, value, rule, fix)
        raise told if problem.get("exit_code", 1) == 2 else OperationError(f"job {job}: {told}")
    last = "\n".join(f"  {line}" for line in words)
    raise OperationError(f"job {job} ended as {shown['state']}; the end of its log:\n{last}")


def _show(cluster: Cluster, job: int) -> dict[str, str]:
    shown = cluster.ask(f"scontrol --oneliner show job {job}")
    fields = dict(re.findall(r"(\w+)=(\S*)", shown))
    return {
        "state": fields["JobState"],
        "nodes": fields.get("NodeList", ""),
        "batch_host": fields.get("BatchHost", ""),
        "restarts": fields.get("Restarts", "0"),
        "reason": fields.get("Reason", ""),
    }


def _ended(cluster: Cluster, job: int) -> None:
    """Wait, for a while, until nothing of it runs: its files are about to go."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        shown = cluster.attempt(f"squeue --noheader --jobs={job}", host=cluster.head)
        if shown.returncode or not shown.stdout.strip():
            return
        time.sleep(_POLL_S)


def _new_lines(cluster: Cluster, host: str, log: str, read: dict[str, int]) -> list[str]:
    """What was added to the log since the last look, in whole lines; nothing where the host is gone."""
    if host not in cluster.workers:
        return []
    begun = read.get(host, 0)
    done = cluster.attempt(f"tail --bytes=+{begun + 1} {log} 2>/dev/null", host=host)
    whole = done.stdout[: done.stdout.rfind("\n") + 1]
    read[host] = begun + len(whole.encode())
    return whole.splitlines()


def _event(line: str) -> Event | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None
