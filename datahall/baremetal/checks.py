"""What can be said of a pool before any host is asked: every problem at once."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Problem = tuple[str, str]
"""An input's name, and ``value: rule; fix``."""

_LISTS: Final = ("neighbourTags", "leavers", "vaultFiles")
_KNOWN: Final = frozenset(
    {*_LISTS, "playbooks", "inventory", "vaultPasswordFile", "privateKeyFile", "digest"}
)
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VAULT: Final = "$ANSIBLE_VAULT;"
SITE: Final = "site.yml"
DECOMMISSION: Final = "decommission.yml"
CONVERGING: Final = "converging"
"""The group that a run's inventory gets: the hosts that it is for."""


def ansible_playbook() -> str | None:
    """The executable beside this Python, else on PATH."""
    beside = shutil.which("ansible-playbook", path=str(Path(sys.executable).parent))
    return beside or shutil.which("ansible-playbook")


def problems(inputs: Mapping[str, Any], secrets: Sequence[str] = ()) -> list[Problem]:
    """All that is wrong with a pool's inputs; `secrets` are the names of those that hold one."""
    found = [(name, f"{name}: is no input of a pool; remove it") for name in sorted(set(inputs) - _KNOWN)]
    found += [
        (name, "a secret: would be recorded in the state; put it into a file by ansible-vault (vaultFiles)")
        for name in secrets
    ]
    if ansible_playbook() is None:
        where = f"neither beside {sys.executable} nor on PATH"
        found.append(("playbooks", f"ansible-playbook: is {where}; install ansible-core"))
    if importlib.util.find_spec("ansible_runner") is None:
        found.append(
            ("playbooks", f"ansible_runner: {sys.executable} does not have it; install ansible-runner")
        )
    for name in _LISTS:
        given = inputs.get(name) or []
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            return [*found, (name, f"{given}: must be a list of texts; correct it")]
    return [*found, *_folder(inputs), *_files(inputs), *inventory_problems(inputs.get("inventory"))]


def _folder(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    folder = Path(str(inputs.get("playbooks") or ""))
    wanted = [SITE, DECOMMISSION] if inputs.get("leavers") else [SITE]
    if not folder.is_absolute() or not folder.is_dir():
        yield "playbooks", f"{inputs.get('playbooks')}: is no folder here; give that of {SITE}"
        return
    for name in wanted:
        if not (folder / name).is_file():
            yield "playbooks", f"{folder}: has no {name}; add it, or give another folder"


def _files(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    vaults = list(inputs.get("vaultFiles") or ())
    for name in ("vaultPasswordFile", "privateKeyFile"):
        path = inputs.get(name)
        if path and not Path(path).is_file():
            yield name, f"{path}: is not there; correct the path"
        elif path and Path(path).stat().st_mode & 0o077:
            yield name, f"{path}: others than its owner may read it; chmod 600"
    for path in vaults:
        if not Path(path).is_file():
            yield "vaultFiles", f"{path}: is not there; correct the path"
        elif not Path(path).read_text(errors="replace").startswith(_VAULT):
            yield "vaultFiles", f"{path}: is not encrypted; ansible-vault encrypt it"
    if vaults and not inputs.get("vaultPasswordFile"):
        yield "vaultPasswordFile", "(missing): vault files need it; name the file that holds their password"


def inventory_problems(inventory: object) -> Iterator[Problem]:
    """What is wrong with an inventory's form."""
    top = inventory.get("all") if isinstance(inventory, Mapping) and set(inventory) == {"all"} else None
    if not isinstance(top, Mapping) or set(top) - {"vars", "children"}:
        yield "inventory", "must be Ansible's: all, in it vars and children; correct it"
        return
    groups = top.get("children") or {}
    if not isinstance(groups, Mapping) or not all(isinstance(group, Mapping) for group in groups.values()):
        yield "inventory", "all.children: must be groups; correct it"
        return
    for name, group in groups.items():
        if set(group) - {"vars", "hosts"}:
            yield "inventory", f"all.children.{name}: may have vars and hosts only; correct it"
        for each in (name, *(group.get("hosts") or {})):
            if not _NAME.fullmatch(each) or each in ("all", "ungrouped", CONVERGING):
                yield "inventory", f"{each}: cannot be a name in it; rename it"
    if not any(group.get("hosts") for group in groups.values()):
        yield "inventory", "has no host; add one, or remove the pool"
