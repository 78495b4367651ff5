"""Facts of a host, gathered anew only where the host is no longer as it was.

Gathering them is the dearest task of a converge. So one shell command asks first by what they could have
changed: this boot, the machine, the system, its memory, processors, swap and addresses, and the facts that it
says of itself. Where the answer is the one that was kept with the facts, those stand. A host that was
rebooted, replaced, upgraded or given another local fact answers otherwise. What changes from second to second
(free memory, free disk, the time) is as old as the facts: no role reads it.

``site_facts_folder`` names the folder; without it, and for ``ansible.builtin.setup``, they are gathered anew.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.release import __version__

QUESTION = """
set -e
cat /proc/sys/kernel/random/boot_id /etc/machine-id /etc/os-release /proc/swaps
grep MemTotal /proc/meminfo
nproc
ip -brief address
echo "$USER ${SUDO_USER:-}"
if [ -d /etc/ansible/facts.d ]; then
  cd /etc/ansible/facts.d
  test -z "$(find . -type f -executable)"
  sha256sum -- *.fact
fi
echo asked
"""
"""An answer without the last line is none: a local fact that is a program may say anything at any time."""


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible has no types
    """What every action plugin of Ansible is called."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The facts, kept or gathered."""
        variables = task_vars or {}
        asked = self._asked(variables)
        kept = _file(self._templar.template(variables.get("site_facts_folder", "")), variables)
        if asked and kept and (facts := _read(kept, asked)):
            return {"changed": False, "ansible_facts": facts}
        result: dict[str, Any] = self._execute_module("ansible.legacy.setup", task_vars=task_vars)
        if asked and kept and "ansible_facts" in result and not result.get("failed"):
            _write(kept, asked, result["ansible_facts"])
        return result

    def _asked(self, variables: Mapping[str, Any]) -> str:
        """A digest of what the host says of itself and of how it was asked; empty where it does not say."""
        if not variables.get("site_facts_folder"):
            return ""
        said = self._low_level_execute_command(QUESTION, in_data=b"\n")
        lines = said["stdout"].splitlines()
        if said["rc"] != 0 or lines[-1:] != ["asked"]:
            return ""
        how = [__version__, json.dumps(self._task.args, sort_keys=True, default=str)]
        return hashlib.sha256("\n".join([*how, *lines]).encode()).hexdigest()


def _file(folder: str, variables: Mapping[str, Any]) -> Path | None:
    return Path(folder).expanduser() / f"{variables['inventory_hostname']}.json" if folder else None


def _read(file: Path, asked: str) -> dict[str, Any] | None:
    """The facts, where they were kept with this answer; a file that is damaged is as none."""
    try:
        kept = json.loads(file.read_text())
        return dict(kept["facts"]) if kept["asked"] == asked else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, asked: str, facts: Mapping[str, Any]) -> None:
    """Whole or not at all, and for nobody else to read: other runs may be at it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(json.dumps({"asked": asked, "facts": facts}))
    new.replace(file)
