"""The inventory plugin: what a stack exports is what plain Ansible sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi

from components import BareMetalPoolArgs, MachineArgs
from datahall.testing import NewStack

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
ARGS = BareMetalPoolArgs(
    machines={
        "head-1": MachineArgs(address="10.0.0.10", groups=["head"]),
        "worker-1": MachineArgs(address="10.0.1.1", groups=["worker"], variables={"switch": "{{ rack }}-a"}),
    },
    group_variables={"worker": {"gpu_count": 8}},
    variables={"rack": "r7"},
    user="ops",
)


def seen(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / "ansible"
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    command = [str(tool), "-i", str(file), *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=PLAYBOOKS, env=environment
    )


def test_plain_ansible_reads_the_stack(stack: NewStack, tmp_path: Path) -> None:
    def program() -> None:
        pulumi.export("inventory", ARGS.inventory())
        pulumi.export("hidden", pulumi.Output.secret(ARGS.inventory()))

    made = stack(program, aws=False)
    made.up()
    where = dict(line.split("=", 1) for line in made.where().splitlines())
    (tmp_path / "Pulumi.yaml").write_text("name: tests\nruntime: python\n")
    told: dict[str, Any] = {
        "plugin": "datahall",
        "project": ".",
        "stack": where["stack"].rpartition("/")[2],
        "backend": f"file://{where['state']}",
    }
    file = tmp_path / "datahall.yml"
    file.write_text(json.dumps(told))
    names = "{{ groups | dict2items | rejectattr('key', 'in', ['all', 'ungrouped']) | list }}"
    shown = "{{ [ansible_host, ansible_user, gpu_count, switch] | join(' ') }}"
    done = seen(file, "worker", "-m", "ansible.builtin.debug", "-a", f'msg="{shown} {names}"')
    assert "10.0.1.1 ops 8 r7-a" in done.stdout, done.stderr
    assert "head-1" in done.stdout

    file.write_text(json.dumps({**told, "output": "hidden"}))
    done = seen(file, "all", "--list-hosts")
    assert done.returncode != 0, "what cannot be read is no empty inventory"
    assert "output: hidden: of stack" in " ".join(done.stderr.split())
