"""Ansible's own modules, run only where something has to be done.

A module that finds nothing to do costs a host a quarter of a second of Python all the same, and a second
converge is nothing else. So what a task wants is asked for by one shell command first. Where the answer
differs, or the task says more than the question covers, Ansible's own action does the task. It takes the
place of ``ansible.legacy.NAME``, which Ansible keeps for such overrides (``ansible.builtin.template`` writes
through ``ansible.legacy.copy``); the links beside this file give it its names.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import join, quote
from typing import Any

from ansible.plugins.action import ActionBase

Arguments = Mapping[str, Any]
Question = tuple[str, Callable[[list[str]], bool]]
"""A shell command, and whether the lines that it says mean that there is nothing to do."""


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible has no types
    """What every action plugin of Ansible is called."""

    TRANSFERS_FILES = True

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task; as Ansible's own, unless nothing is to be done."""
        ask, own = _KINDS[Path(__file__).stem]
        question = None if self._task.async_val else ask(self._task.args)
        if question:
            command, nothing_to_do = question
            # with something on stdin Ansible asks for no terminal, which would dress the answer up
            said = self._low_level_execute_command(command, in_data=b"\n")["stdout"]
            if nothing_to_do(said.splitlines()):
                return {"changed": False}
        action = self._shared_loader_obj.action_loader.get(
            own,
            task=self._task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        result: dict[str, Any] = action.run(task_vars=task_vars)
        return result


def _copy(arguments: Arguments) -> Question | None:
    """A file's content, mode and owners; ``src`` is a file of ours, as template makes one, or ``folder/``."""
    if not {"dest"} | _OWNED <= set(arguments) <= _COPY or arguments.get("follow"):
        return None
    content, source = arguments.get("content"), Path(str(arguments.get("src")))
    if content is None and source.is_absolute() and source.is_dir():
        return _files(arguments, source)
    if isinstance(content, str):
        data = content.encode()
    elif content is None and source.is_absolute() and source.is_file():
        data = source.read_bytes()
    else:
        return None
    path = quote(str(arguments["dest"]))
    wanted = [hashlib.sha256(data).hexdigest(), _owned(arguments)]
    return (
        f"test ! -L {path} && sha256sum <{path} | cut -c1-64 && stat --format='%a %U %G' {path}",
        lambda said: said == wanted,
    )


def _files(arguments: Arguments, source: Path) -> Question | None:
    """The files of a folder of ours, in a folder that is there; one with folders in it is for Ansible."""
    files = sorted(source.iterdir())
    if not str(arguments["src"]).endswith("/") or not files or not all(each.is_file() for each in files):
        return None
    names = join(each.name for each in files)
    wanted = [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]
    wanted += [f"regular file {_owned(arguments)}"] * len(files)
    return (
        f"cd {quote(str(arguments['dest']))} && sha256sum -- {names} | cut -c1-64 "
        f"&& stat --format='%F %a %U %G' -- {names}",
        lambda said: said == wanted,
    )


def _file(arguments: Arguments) -> Question | None:
    """A folder with its mode and owners, or a link, or nothing at all."""
    path = quote(str(arguments.get("path")))
    match arguments.get("state"):
        case "directory" if set(arguments) == {"path", "state", "owner", "group", "mode"}:
            wanted = [_owned(arguments)]
            command = f"test -d {path} && test ! -L {path} && stat --format='%a %U %G' {path}"
            return command, lambda said: said == wanted
        case "link" if set(arguments) <= {"path", "state", "src", "force"}:
            return f"readlink {path}", lambda said: said == [str(arguments["src"])]
        case "absent" if set(arguments) == {"path", "state"}:
            return f"test -e {path} || test -L {path} || echo none", lambda said: said == ["none"]
    return None


def _apt(arguments: Arguments) -> Question | None:
    """Packages that are to be there, some in a given version."""
    names = arguments.get("name")
    if not set(arguments) <= _APT or arguments.get("state") != "present" or not isinstance(names, list):
        return None
    wanted = [str(name).partition("=") for name in names]
    shown = "${db:Status-Status} ${Package} ${Version}\\n"
    command = join(["dpkg-query", "--show", f"--showformat={shown}", *(name for name, _, _ in wanted)])

    def installed(said: list[str]) -> bool:
        there = {line.split()[1]: line.split()[2] for line in said if line.startswith("installed ")}
        return all(name in there and version in ("", there[name]) for name, _, version in wanted)

    return (command, installed) if wanted else None


def _service(arguments: Arguments) -> Question | None:
    """A unit that is to run, or to be started at boot, or both."""
    states = {"started": "active", "stopped": "inactive", None: None}
    enabled = {True: "enabled", False: "disabled", None: None}
    if not set(arguments) <= _SERVICE or arguments.get("state") not in states:
        return None
    wanted = {
        "ActiveState": states[arguments.get("state")],
        "UnitFileState": enabled[arguments.get("enabled")],
        "NeedDaemonReload": "no",
    }
    lines = {f"{name}={value}" for name, value in wanted.items() if value}
    command = join(["systemctl", "show", f"--property={','.join(wanted)}", str(arguments["name"])])
    return command, lambda said: lines <= set(said)


def _line(arguments: Arguments) -> Question | None:
    """A line in a file, in place of the last one that ``regexp`` finds; or none that it finds."""
    owned = set(arguments) & _OWNED
    if owned not in (set(), _OWNED) or not {"path", "regexp"} <= set(arguments) - owned <= _LINE:
        return None
    path, line = quote(str(arguments["path"])), arguments.get("line")
    pattern, gone = re.compile(str(arguments["regexp"])), arguments.get("state") == "absent"
    stat = _owned(arguments) if owned else ""

    def as_asked(said: list[str]) -> bool:
        found = [each for each in said[1:] if pattern.search(each)]
        return said[:1] == [stat] and (not found if gone else found[-1:] == [line])

    return (
        f"test ! -L {path} && stat --format={quote('%a %U %G' if stat else '')} {path} && cat {path}",
        as_asked,
    )


def _group(arguments: Arguments) -> Question | None:
    """A group that is to be there."""
    if not {"name"} <= set(arguments) <= {"name", "system"}:
        return None
    name = str(arguments["name"])
    return join(["getent", "group", name]), lambda said: [line.partition(":")[0] for line in said] == [name]


def _user(arguments: Arguments) -> Question | None:
    """An account that is to be in some groups, too."""
    groups = arguments.get("groups")
    if (
        set(arguments) != {"name", "groups", "append"}
        or not arguments["append"]
        or not isinstance(groups, list)
    ):
        return None
    command = join(["id", "--name", "--groups", str(arguments["name"])])
    return command, lambda said: set(groups) <= set(" ".join(said).split()) and bool(said)


def _owned(arguments: Arguments) -> str:
    """Mode and owners, as ``stat`` prints them."""
    return f"{int(str(arguments['mode']), 8):o} {arguments['owner']} {arguments['group']}"


_OWNED = {"owner", "group", "mode"}
_COPY = {"content", "src", "dest", "owner", "group", "mode", "validate", "follow"}
_APT = {"name", "state", "install_recommends", "cache_valid_time", "policy_rc_d"}
_SERVICE = {"name", "state", "enabled", "daemon_reload"}
_LINE = {"path", "regexp", "line", "state", "create"}
_KINDS: Mapping[str, tuple[Callable[[Arguments], Question | None], str]] = {
    "apt": (_apt, "ansible.builtin.normal"),
    "copy": (_copy, "ansible.builtin.copy"),
    "file": (_file, "ansible.builtin.normal"),
    "group": (_group, "ansible.builtin.normal"),
    "lineinfile": (_line, "ansible.builtin.normal"),
    "service": (_service, "ansible.builtin.service"),
    "systemd_service": (_service, "ansible.builtin.normal"),
    "user": (_user, "ansible.builtin.normal"),
}
