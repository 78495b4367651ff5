"""One run of ansible-playbook, by ansible-runner: its events while it runs, and what came of each host.

ansible-runner is a process of its own, since it forks, which a process that serves gRPC must not. Everything
that the run is told lies in a folder of its own (mode 700), removed afterwards; the command lines name files
only. Nothing of Ansible's facts or results is kept.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from datahall.baremetal.checks import CONVERGING, SITE, ansible_playbook
from datahall.baremetal.pool import Pool

_SHOWN: Final = 2000
_PATIENCE_S: Final = 6.0
_FINISHED_BADLY: Final = ("runner_on_failed", "runner_on_unreachable")
_REACH: Final = """---
- name: Reach every host
  hosts: all
  gather_facts: false
  tasks:
    - name: Answer
      ansible.builtin.ping:
      tags: [always]
"""
# A play that is for some hosts may ask what the others are, which only this run can have learnt.
_LEARN: Final = """---
- name: Reach every host
  hosts: all
  gather_facts: false
  tasks:
    - name: Learn what the hosts are
      ansible.builtin.setup:
        gather_subset: ["!all", min, env, hardware, local]
      tags: [always]
"""
VALIDATE: Final = "validate.yml"


class Cancelled(RuntimeError):  # noqa: N818 - what happened
    """The engine asked the plugin to stop."""


@dataclass(frozen=True)
class Ask:
    """A run: of a playbook in the pool's folder (none: of `first` alone), for these hosts.

    `first`: look at all hosts of the pool before: by the project's validate.yml, else whether they answer.
    """

    playbook: str
    hosts: Sequence[str]
    first: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    check: bool = False


@dataclass
class Report:
    """What a run did: by host, the tasks that changed something (or would) and why it failed.

    `emulated`: what of a host is, where it says so. `looking`: it has not come further than to look. `seen`:
    the hosts that a play was for; `playing`: the last play.
    """

    playbook: str
    code: int = -1
    changed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    playing: set[str] = field(default_factory=set)
    emulated: dict[str, str] = field(default_factory=dict)
    looking: bool = False
    ended: bool = False
    aborted: bool = False
    tail: str = ""

    @property
    def done(self) -> set[str]:
        """The hosts that came through it to the end."""
        return set() if self.aborted else self.seen - set(self.failed)

    def problems(self) -> list[str]:
        """Why it failed: a line a host; the end of the output where no host is to blame."""
        if self.code == 0:
            return []
        told = [f"{host}: {why}" for host, why in sorted(self.failed.items())]
        return told or [self.tail or f"it ended with exit code {self.code}"]


def play(pool: Pool, ask: Ask, tell: Callable[[str], None], cancelled: threading.Event) -> Report:
    """Run it. Raises Cancelled."""
    report = Report(ask.playbook or VALIDATE, looking=_looks(pool, ask) != "")
    with tempfile.TemporaryDirectory(prefix="datahall-pool-") as name:
        process = subprocess.Popen(
            [sys.executable, "-m", "ansible_runner", *_told(Path(name), pool, ask)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        ended = threading.Event()
        watch = threading.Thread(target=_end_when, args=(cancelled, ended, process), daemon=True)
        watch.start()
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    _hear(report, line, tell)
        code = process.wait()
        ended.set()
        watch.join()
    # a playbook that was killed has no code of its own: only one that gave its statistics has ended
    report.code = code if code or report.ended else 1
    if cancelled.is_set():
        raise Cancelled(f"{ask.playbook}: cancelled")
    return report


def _looks(pool: Pool, ask: Ask) -> str:
    """The playbook that comes before: the project's validate.yml, ours, or none."""
    if ask.first and (pool.playbooks / VALIDATE).is_file():
        return VALIDATE
    some = ask.playbook == SITE and not set(pool.hosts) <= set(ask.hosts)
    return "reach.yml" if ask.first or some else ""


def _told(folder: Path, pool: Pool, ask: Ask) -> list[str]:
    """Write what ansible-runner is told into its folder; gives its arguments."""
    files = {
        "hosts.json": json.dumps(_inventory(pool, ask.hosts)),
        "variables.json": json.dumps(dict(ask.variables)),
        "reach.yml": _REACH if set(pool.hosts) <= set(ask.hosts) else _LEARN,
        "env/envvars": json.dumps(_environment(pool)),
    }
    options = ["-i", str(folder / "hosts.json"), "-e", f"@{folder / 'variables.json'}"]
    options += [part for path in pool.vault_files for part in ("-e", f"@{path}")]
    options += ["--tags", ",".join(ask.tags)] if ask.tags else []
    options += ["--check"] if ask.check else []
    look = _looks(pool, ask)
    looks = [str((pool.playbooks if look == VALIDATE else folder) / look)] if look else []
    playbooks = [*looks, *([str(pool.playbooks / ask.playbook)] if ask.playbook else [])]
    # ansible-runner puts one playbook last, and what it calls the command line before it
    files["env/cmdline"] = shlex.join([*options, *playbooks[:-1]])
    (folder / "env").mkdir()
    for name, content in files.items():
        (folder / name).write_text(content)
    return ["run", str(folder), "--json", "--project-dir", str(pool.playbooks), "--playbook", playbooks[-1]]


def _end_when(cancelled: threading.Event, ended: threading.Event, process: subprocess.Popen[str]) -> None:
    """End the run once it is cancelled, with all that it started here.

    ansible-runner ends the playbook; its workers lead sessions of their own, so they are ended one by one.
    """
    while not ended.wait(0.2):
        if cancelled.is_set():
            started = _descendants(process.pid)
            process.terminate()
            _, alive = psutil.wait_procs(started, timeout=_PATIENCE_S / 2)
            for one in alive:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            if not ended.wait(_PATIENCE_S):
                process.kill()
            return


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _hear(report: Report, line: str, tell: Callable[[str], None]) -> None:
    """Take one line: an event, or what somebody prints besides."""
    try:
        event = json.loads(line)
    except ValueError:
        event = {"stdout": line.rstrip()}
    if said := str(event.get("stdout") or ""):
        report.tail = f"{report.tail}\n{said}".strip()[-_SHOWN:]
    _take(report, event, tell)


def _inventory(pool: Pool, hosts: Iterable[str]) -> dict[str, Any]:
    top = pool.inventory["all"]
    variables = dict(top.get("vars") or {})
    if pool.private_key_file:
        variables["ansible_ssh_private_key_file"] = str(pool.private_key_file)
    chosen: dict[str, Any] = {"hosts": {host: {} for host in hosts}}
    return {"all": {"vars": variables, "children": {**pool.groups, CONVERGING: chosen}}}


def _environment(pool: Pool) -> dict[str, str]:
    own = pool.playbooks / "ansible.cfg"
    chosen = {
        # ansible-runner turns it off where nobody says otherwise
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_NOCOLOR": "1",
        # a terminal's language, or an interpreter's folder, is not for the hosts
        "PYTHONUTF8": "1",
    }
    if own.is_file():
        chosen["ANSIBLE_CONFIG"] = str(own)
    if pool.vault_password_file:
        chosen["ANSIBLE_VAULT_PASSWORD_FILE"] = str(pool.vault_password_file)
    if program := ansible_playbook():
        chosen["PATH"] = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", os.defpath)])
    return chosen


def _take(report: Report, event: Mapping[str, Any], tell: Callable[[str], None]) -> None:
    """Note one event."""
    kind, data = event.get("event", ""), event.get("event_data") or {}
    host, task = str(data.get("host") or ""), _task(data)
    if host and not report.looking:
        report.seen.add(host)
    if host:
        report.playing.add(host)
    if parts := _emulated(data.get("res") or {}):
        report.emulated[host] = parts
    if kind == "playbook_on_play_start":
        report.playing = set()
    elif kind == "playbook_on_task_start":
        tell(task)
    elif kind == "runner_on_ok" and not report.looking and (data.get("res") or {}).get("changed"):
        report.changed.setdefault(host, []).append(task)
        tell(f"{host}: {task}: changed")
    elif kind in _FINISHED_BADLY and not data.get("ignore_errors"):
        report.failed[host] = f"{task}: {_why(kind, data.get('res') or {})}"
        tell(f"{host}: {report.failed[host]}")
    elif kind == "playbook_on_no_hosts_remaining":
        report.aborted = True
    elif kind == "playbook_on_stats":
        # a failure that was rescued, or a host that may be away, is none
        lost = {*(data.get("failures") or {}), *(data.get("dark") or {})}
        report.failed = {name: why for name, why in report.failed.items() if name in lost}
        # after a play that every host of it fails Ansible ends, and says nothing of the plays that are left
        report.aborted = report.aborted or (bool(report.playing) and report.playing <= lost)
        report.ended = not (report.looking and report.playbook != VALIDATE)
        report.looking = report.looking and bool(lost)


def _emulated(result: Mapping[str, Any]) -> str:
    """What of a host cannot be real, by its local fact ``datahall``; empty where that is not said."""
    known: Any = result
    for part in ("ansible_facts", "ansible_local", "datahall", "emulated"):
        known = known.get(part) if isinstance(known, Mapping) else None
    return ", ".join(sorted(map(str, known))) if isinstance(known, Mapping) else ""


def _task(data: Mapping[str, Any]) -> str:
    return " : ".join(str(data[part]) for part in ("role", "task") if data.get(part))


def _why(kind: str, result: Mapping[str, Any]) -> str:
    items = [item for item in result.get("results") or () if isinstance(item, Mapping) and item.get("failed")]
    told = [str(each.get("msg") or each.get("stderr") or "failed").strip() for each in items or [result]]
    said = "; ".join(told)
    return ("does not answer: " if kind == "runner_on_unreachable" else "") + said[:_SHOWN]
