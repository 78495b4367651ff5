"""The dev-sec baselines' controls on converged hosts, each seen by its own means; the role is not asked."""

import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from playbooks.controls import Control, controls
from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)
_HOSTS = ("head-1", "service-1", "worker-1")
_CONTROLS = controls()
_SHOWN = [row for row in _CONTROLS if row.check]


@dataclass(frozen=True)
class _Host:
    """One host, and how it is asked."""

    site: Site
    name: str

    def asked(self, command: str) -> "subprocess.CompletedProcess[str]":
        """A command as root, whatever it ends with."""
        return self.site.try_ssh(self.name, f"sudo bash -c {shlex.quote(command)}")

    def says(self, command: str) -> str:
        """The output of a command as root, which must succeed."""
        done = self.asked(command)
        assert done.returncode == 0, f"{self.name}: {command}: {done.stderr}"
        return done.stdout

    def lines(self, command: str) -> list[str]:
        return self.says(command).splitlines()

    def options(self, command: str) -> dict[str, list[str]]:
        """Option -> its values, in order."""
        found: dict[str, list[str]] = {}
        for line in self.lines(command):
            option, _, value = line.partition(" ")
            found.setdefault(option.lower(), []).append(value)
        return found


def _sysctl(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    if not (wanted := row.check.sysctl):
        return
    if row.emulated and row.met == "Debian":
        return
    if row.emulated:  # these variables are the machine's: what is written down for a real host
        file = host.lines("sed 's/^# the kernel is shared: //' /etc/sysctl.d/60-cluster.conf")
    else:
        file = host.lines(f"sysctl {' '.join(wanted)}")
    values = dict(line.split(" = ") for line in file if " = " in line)
    for key, value in wanted.items():
        allowed = value if isinstance(value, list) else [value]
        if int(values[key]) not in allowed:
            yield f"{key} = {values[key]}"


def _ssh(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    for command, wanted, lacks in (
        ("sshd -T", row.check.sshd, row.check.sshd_lacks),
        ("ssh -G localhost", row.check.ssh, row.check.ssh_lacks),
    ):
        if not (wanted or lacks):
            continue
        options = _asked(host, command)
        for option, value in wanted.items():
            values = value if isinstance(value, list) else [value]
            if sorted(options.get(option, [])) != sorted(values):
                yield f"{option}: {options.get(option)}"
        yield from (option for option in lacks if option in options)


def _modes(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    for path, wanted in row.check.mode.items():
        if (seen := host.says(f"stat --format '%a %U %G' {path}").strip()) != wanted:
            yield f"{path}: {seen}"


def _lines(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    for path, wanted in row.check.lines.items():
        lines = host.lines(f"cat {path}")
        yield from (
            f"{path}: no {each}" for each in wanted if not any(re.fullmatch(each, line) for line in lines)
        )


def _packages(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    if row.check.packages_there or row.check.packages_absent:
        packages = _asked(host, "dpkg-query --show --showformat '${Package} ${db:Status-Status}\\n'")
        there = {name for name, states in packages.items() if "installed" in states}
        yield from (f"{name} is not there" for name in row.check.packages_there if name not in there)
        yield from (f"{name} is there" for name in row.check.packages_absent if name in there)


def _commands(host: _Host, row: Control) -> Iterator[str]:
    assert row.check
    if row.check.prints_nothing and not row.emulated:
        done = host.asked(row.check.prints_nothing)
        yield from done.stdout.splitlines()
        # what it looks for need not be there, and all else that it complains of is a check that does not look
        yield from (line for line in done.stderr.splitlines() if "No such file or directory" not in line)


_Look = Callable[[_Host, Control], Iterator[str]]
_LOOKS: list[_Look] = [
    _sysctl,
    _ssh,
    _modes,
    _lines,
    _packages,
    _commands,
]


@cache
def _asked(host: _Host, command: str) -> Mapping[str, list[str]]:
    return host.options(command)


def _offends(host: _Host, row: Control) -> list[str]:
    return [f"{host.name}: {found}" for look in _LOOKS for found in look(host, row)]


@pytest.mark.parametrize("row", _SHOWN, ids=[row.id for row in _SHOWN])
def test_a_control_is_as_the_table_says_on_every_host(converged: Site, row: Control) -> None:
    found = [each for name in _HOSTS for each in _offends(_Host(converged, name), row)]
    assert found == []


def test_what_an_emulated_host_cannot_show_is_counted(converged: Site) -> None:
    facts = converged.ssh("worker-1", "cat /etc/ansible/facts.d/datahall.fact")
    emulated = Counter(row.emulated for row in _SHOWN if row.emulated)
    assert all(f'"{what}"' in facts for what in emulated)
    print(f"{len(_SHOWN)} of {len(_CONTROLS)} controls looked at, {emulated['kernel']} of them EMULATED")
    assert emulated == {"kernel": 8}


def test_what_somebody_undid_is_seen_here_and_mended_by_the_role(converged: Site) -> None:
    host = _Host(converged, "worker-2")
    rows = {row.id: row for row in _SHOWN}
    assert [each for row in _SHOWN for each in _offends(host, row)] == []
    _asked.cache_clear()
    for planted in (
        "sysctl -w net.ipv4.tcp_rfc1337=0",
        "chmod 4755 /usr/lib/openssh/ssh-keysign",
        "chmod 644 /etc/ssh/sshd_config",
        "echo ForwardAgent yes >/etc/ssh/ssh_config.d/00-planted.conf",
        "sed -i s/027/022/ /etc/login.defs",
        "touch /etc/hosts.equiv",
    ):
        host.says(planted)
    undone = {control for control, row in rows.items() if _offends(host, row)}
    assert undone == {"os-01", "os-05", "os-06", "ssh-11", "sshd-05", "sysctl-10"}
    host.says("rm /etc/hosts.equiv /etc/ssh/ssh_config.d/00-planted.conf")
    converged.playbook("site.yml", "--limit", "worker-2", "--tags", "base").succeeded()
    _asked.cache_clear()
    assert [each for row in _SHOWN for each in _offends(host, row)] == []
