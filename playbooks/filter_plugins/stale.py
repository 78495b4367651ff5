"""Finds what runs with a configuration older than its files.

A run that is cut short between writing a file and its handlers leaves nothing that the next run would see:
the file is as it should be, so no task changes it and none notifies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from shlex import join, quote
from typing import Any

Entry = Mapping[str, Any]
"""``files``, and what took them up: ``unit``, a service that reads them as it starts, or ``taken``, a file
that is written as they are read."""


def stale_command(table: Mapping[str, Entry]) -> str:
    """A shell command that says those names of the table whose files are newer than what took them up.

    A service that does not run, and files that are not there, are not stale. Needs GNU find and systemd 251.
    """
    return "\n".join([*_lines(table), "true"])


def _lines(table: Mapping[str, Entry]) -> Iterator[str]:
    for name, entry in table.items():
        if files := entry["files"]:
            yield f"{_newer(files, entry)} 2>/dev/null | grep -q . && echo {quote(name)}"


def _newer(files: Sequence[str], entry: Entry) -> str:
    if "taken" in entry:
        taken = quote(entry["taken"])
        return f"{{ test -e {taken} || ls {join(files)}; find {join(files)} -newer {taken}; }}"
    show = ["systemctl", "show", "--timestamp=us+utc", "--property=ActiveEnterTimestamp", "--value"]
    since = f"since=$({join([*show, entry['unit']])})"
    return f'{{ {since}; test -n "$since" && find {join(files)} -newermt "$since"; }}'


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name -> filter."""
        return {"stale_command": stale_command}
