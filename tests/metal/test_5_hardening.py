"""The dev-sec baselines' controls on converged hosts, each seen by its own means; the role is not asked."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import pytest

from playbooks.controls import Check, Control, controls
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)
_HOSTS = ("head-1", "service-1", "worker-1")
_CONTROLS = controls()
_SHOWN = [row for row in _CONTROLS if row.check]
_WRITTEN = "sed 's/^# the kernel is shared: //' /etc/sysctl.d/60-cluster.conf"
_PACKAGES = "dpkg-query --show --showformat '${Package} ${db:Status-Status}\\n'"
# a login a command would take minutes
_ASK = """
import json, subprocess, sys
def ask(command):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]
print(json.dumps({command: ask(command) for command in json.loads(sys.argv[1])}))
"""


class _Said(NamedTuple):
    code: int
    out: str
    err: str


_Seen = Mapping[str, _Said]
"""Command -> what it said on one host, as root."""


def _see(site: Site, host: str) -> _Seen:
    """Ask a host for all that the table needs, at once."""
    asked = json.dumps(sorted({command for row in _SHOWN for command in _commands(row)}))
    answer = site.ssh(host, f"sudo python3 -c {shlex.quote(_ASK)} {shlex.quote(asked)}")
    return {command: _Said(*said) for command, said in json.loads(answer).items()}


@cache
def _seen(site: Site, host: str) -> _Seen:
    return _see(site, host)


def _sysctl(row: Control) -> str:
    """Variables of the kernel are the machine's on an emulated host: what is written for a real one."""
    assert row.check
    return _WRITTEN if row.emulated else f"sysctl {' '.join(row.check.sysctl)}"


def _mode(path: str) -> str:
    return f"stat --format '%a %U %G' {path}"


def _commands(row: Control) -> Iterator[str]:
    check = row.check or Check()
    if check.sysctl:
        yield _sysctl(row)
    if check.sshd or check.sshd_lacks:
        yield "sshd -T"
    if check.ssh or check.ssh_lacks:
        yield "ssh -G localhost"
    yield from map(_mode, check.mode)
    yield from (f"cat {path}" for path in check.lines)
    if check.packages_there or check.packages_absent:
        yield _PACKAGES
    if check.prints_nothing:
        yield check.prints_nothing


def _lines(seen: _Seen, command: str) -> list[str]:
    assert seen[command].code == 0, f"{command}: {seen[command].err}"
    return seen[command].out.splitlines()


def _options(seen: _Seen, command: str) -> dict[str, list[str]]:
    """Option -> its values."""
    found: dict[str, list[str]] = {}
    for line in _lines(seen, command):
        option, _, value = line.partition(" ")
        found.setdefault(option.lower(), []).append(value)
    return found


def _kernel(seen: _Seen, row: Control) -> Iterator[str]:
    assert row.check
    if not row.check.sysctl or (row.emulated and row.met == "Debian"):
        return
    values = dict(line.split(" = ") for line in _lines(seen, _sysctl(row)) if " = " in line)
    for key, value in row.check.sysctl.items():
        if int(values[key]) not in (value if isinstance(value, list) else [value]):
            yield f"{key} = {values[key]}"


def _ssh(seen: _Seen, row: Control) -> Iterator[str]:
    assert row.check
    for command, wanted, lacks in (
        ("sshd -T", row.check.sshd, row.check.sshd_lacks),
        ("ssh -G localhost", row.check.ssh, row.check.ssh_lacks),
    ):
        options = _options(seen, command) if wanted or lacks else {}
        for option, value in wanted.items():
            values = value if isinstance(value, list) else [value]
            if sorted(options.get(option, [])) != sorted(values):
                yield f"{option}: {options.get(option)}"
        yield from (option for option in lacks if option in options)


def _files(seen: _Seen, row: Control) -> Iterator[str]:
    assert row.check
    for path, wanted in row.check.mode.items():
        if (shown := _lines(seen, _mode(path))) != [wanted]:
            yield f"{path}: {shown}"
    for path, patterns in row.check.lines.items():
        lines = _lines(seen, f"cat {path}")
        yield from (
            f"{path}: no {each}" for each in patterns if not any(re.fullmatch(each, line) for line in lines)
        )


def _packages(seen: _Seen, row: Control) -> Iterator[str]:
    assert row.check
    if row.check.packages_there or row.check.packages_absent:
        there = {name for name, states in _options(seen, _PACKAGES).items() if "installed" in states}
        yield from (f"{name} is not there" for name in row.check.packages_there if name not in there)
        yield from (f"{name} is there" for name in row.check.packages_absent if name in there)


def _offenders(seen: _Seen, row: Control) -> Iterator[str]:
    assert row.check
    if row.check.prints_nothing and not row.emulated:
        said = seen[row.check.prints_nothing]
        yield from said.out.splitlines()
        # what it looks for need not be there, and all else that it complains of is a check that does not look
        yield from (line for line in said.err.splitlines() if "No such file or directory" not in line)


_LOOKS: tuple[Callable[[_Seen, Control], Iterator[str]], ...] = (_kernel, _ssh, _files, _packages, _offenders)


def _offends(seen: _Seen, row: Control) -> list[str]:
    return [found for look in _LOOKS for found in look(seen, row)]


@pytest.mark.parametrize("row", _SHOWN, ids=[row.id for row in _SHOWN])
def test_a_control_is_as_the_table_says_on_every_host(converged: Site, row: Control) -> None:
    found = {name: _offends(_seen(converged, name), row) for name in _HOSTS}
    assert found == {name: [] for name in _HOSTS}


def test_what_an_emulated_host_cannot_show_is_counted(converged: Site) -> None:
    facts = converged.ssh("worker-1", "cat /etc/ansible/facts.d/datahall.fact")
    emulated = Counter(row.emulated for row in _SHOWN if row.emulated)
    assert all(f'"{what}"' in facts for what in emulated)
    print(f"{len(_SHOWN)} of {len(_CONTROLS)} controls looked at, {emulated['kernel']} of them EMULATED")
    assert emulated == {"kernel": 8}


def test_what_somebody_undid_is_seen_here_and_mended_by_the_role(converged: Site) -> None:
    assert _offending(converged) == set()
    for planted in (
        "sysctl -w net.ipv4.tcp_rfc1337=0",
        "chmod 4755 /usr/lib/openssh/ssh-keysign",
        "chmod 644 /etc/ssh/sshd_config",
        "sed -i s/027/022/ /etc/login.defs",
        "touch /etc/hosts.equiv",
        "sh -c 'echo ForwardAgent yes >/etc/ssh/ssh_config.d/00-planted.conf'",
    ):
        converged.ssh("worker-2", f"sudo {planted}")
    assert _offending(converged) == {"os-01", "os-05", "os-06", "ssh-11", "sshd-05", "sysctl-10"}
    converged.ssh("worker-2", "sudo rm /etc/hosts.equiv /etc/ssh/ssh_config.d/00-planted.conf")
    converged.playbook("site.yml", "--limit", "worker-2", "--tags", "base").succeeded()
    assert _offending(converged) == set()


def _offending(site: Site) -> set[str]:
    """The controls that worker-2 offends against now."""
    seen = _see(site, "worker-2")
    return {row.id for row in _SHOWN if _offends(seen, row)}
