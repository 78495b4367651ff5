"""BareMetalPool on a real ansible-playbook: what is converged, and what is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components import BareMetalPoolArgs, BmcArgs, InvalidArgs, MachineArgs
from datahall.engine import Diagnostic, EngineError, Op
from datahall.testing import NewStack, Stack
from tests.baremetal.world import PLUGINS, World

TYPE = "baremetal:index:Hosts"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.made(tmp_path)


def started(stack: NewStack, world: World) -> Stack:
    return stack(world.program(), aws=False, plugin_path=[PLUGINS])


def said(stack: Stack) -> str:
    return "\n".join(event.message for event in stack.events if isinstance(event, Diagnostic))


def with_vault(world: World, secret: str) -> None:
    """Put the secret into a vault file of the pool."""
    password, vault = world.folder / "password", world.folder / "vault.yml"
    password.write_text("open sesame")
    password.chmod(0o600)
    vault.write_text(f"secret: {secret}\n")
    tool = Path(sys.executable).parent / "ansible-vault"
    command = [str(tool), "encrypt", "--vault-password-file", str(password), str(vault)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "ANSIBLE_NOCOLOR": "1"})
    world.more |= {"vault_files": [vault], "vault_password_file": password}


def test_the_others_learn_what_they_know_of_a_host(stack: NewStack, world: World) -> None:
    world.own = {name: {"colour": "red"} for name in ("one", "two")}
    world.more["neighbour_tags"] = ["others"]
    pool = started(stack, world)
    pool.up()
    world.own["two"]["colour"] = "blue"
    pool.up()
    assert (world.folder / "hosts" / "one.others").read_text() == "red blue"
    assert world.runs() == {"one": 1, "two": 2}, "told, not converged"


def test_a_pool_lives(stack: NewStack, world: World) -> None:
    with_vault(world, "hunter2")
    pool = started(stack, world)
    assert pool.preview().changed
    assert world.runs() == {}, "a preview touches nothing"
    pool.up()
    assert world.greetings() == {"one": "hello 7"}, "a secret reaches the hosts"
    assert "Write the greeting: changed" in said(pool)
    assert "one: converged, 1 tasks changed it" in said(pool)
    assert not pool.up().changed
    assert world.runs() == {"one": 1}, "an unchanged pool is not touched"

    world.own["two"] = {"groups": ["other"]}
    pool.up()
    assert world.runs() == {"one": 1, "two": 1}, "the new host alone"
    assert set(pool.outputs["inventory"]["all"]["children"]) == {"worker", "other"}

    (world.folder / "hosts" / "two").write_text("bye\n")
    assert pool.refresh().summary[Op.REFRESH] == 1
    assert "two: drifted: Write the greeting" in said(pool)
    assert pool.resource("pool", TYPE).outputs["drift"] == {"two": ["Write the greeting"]}
    assert world.greetings()["two"] == "bye", "a refresh mends nothing"

    world.variables["greeting"] = "welcome"
    pool.up()
    assert world.greetings() == {"one": "welcome 7", "two": "welcome 7"}
    assert pool.resource("pool", TYPE).outputs["drift"] == {}
    backend = Path(dict(line.split("=") for line in pool.where().splitlines())["state"])
    kept = [path.read_text() for path in backend.rglob("*.json")]
    assert any("welcome" in text for text in kept)
    assert not any("hunter2" in text for text in kept)
    pool.destroy()
    assert world.greetings() == {"two": "welcome 7"}
    assert "two: left as they are: decommission.yml is for hosts of worker" in said(pool)


def test_hosts_leave_in_the_order_of_their_groups_and_say_that_they_are_emulated(
    stack: NewStack, world: World
) -> None:
    says = world.folder / "facts"
    says.mkdir()
    (says / "datahall.fact").write_text('{"emulated": {"gpu": "there is none"}}')
    world.own = {"a-head": {"groups": ["head"]}, "z-worker": {"says": str(says)}}
    world.more["leavers"] = ("worker", "head")
    pool = started(stack, world)
    pool.up()
    told = said(pool)
    assert "z-worker: converged, 1 tasks changed it; EMULATED: gpu" in told
    assert "a-head: converged, 1 tasks changed it\n" in f"{told}\n"
    pool.destroy()
    told = said(pool)
    assert told.index("z-worker: decommissioned") < told.index("a-head: decommissioned")
    assert "left as they are" not in told


def test_what_fails_is_told_of_all_hosts_and_the_rest_is_kept(stack: NewStack, world: World) -> None:
    away = {"ansible_connection": "ssh", "ansible_port": 1, "ansible_ssh_retries": 0}
    world.own = {"one": {}, "two": away, "three": away}
    world.more["leavers"] = ()
    pool = started(stack, world)
    with pytest.raises(EngineError, match="nothing was changed") as caught:
        pool.up()
    assert "three: Answer: does not answer" in str(caught.value)
    assert "two: Answer: does not answer" in str(caught.value)
    assert pool.resources[-1].type != TYPE
    assert world.runs() == {}

    world.own = {"one": {}, "two": {"refuse": True}}
    with pytest.raises(EngineError, match="two: Refuse: it refuses"):
        pool.up()
    assert set(pool.resource("pool", TYPE).outputs["converged"]) == {"one"}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (
            {"playbooks": "/nowhere", "private_key_file": "/nowhere/key"},
            ["/nowhere: is no folder here", "/nowhere/key: is not there"],
        ),
        (
            {"vault_files": [__file__], "vault_password_file": "/nowhere/password"},
            ["test_pool.py: is not encrypted; ansible-vault encrypt it", "/nowhere/password: is not there"],
        ),
    ],
)
def test_what_is_wrong_is_said_at_once_and_before_anything(
    stack: NewStack, world: World, given: dict[str, Any], problems: list[str]
) -> None:
    world.more |= given
    with pytest.raises(EngineError) as caught:
        started(stack, world).preview()
    assert all(problem in str(caught.value) for problem in problems), caught.value


def test_a_secret_is_refused_where_it_would_be_recorded(stack: NewStack, world: World) -> None:
    import pulumi

    def program() -> None:
        world.variables["greeting"] = pulumi.Output.secret("hunter2")
        world.program()()

    pool = stack(program, aws=False, plugin_path=[PLUGINS])
    with pytest.raises(EngineError, match="put it into a file by ansible-vault") as caught:
        pool.up()
    assert "hunter2" not in str(caught.value)


def test_without_ansible_it_says_so(stack: NewStack, world: World, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "python").symlink_to(sys.executable)
    site = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {"PATH": "/nowhere", "DATAHALL_PYTHON": str(bare / "python"), "PYTHONPATH": site}
    pool = stack(world.program(), aws=False, plugin_path=[PLUGINS], environment=environment)
    with pytest.raises(EngineError, match="ansible-playbook: is neither beside"):
        pool.preview()


MACHINE = MachineArgs(address="10.0.0.1", groups=["worker"])


_PLAYS = """
- hosts: "all:&{{ site_only | default('all') }}"
  gather_facts: false
  tasks: [{ansible.builtin.raw: "true"}]
- hosts: "worker:&{{ site_only | default('all') }}"
  gather_facts: false
  tasks: [{ansible.builtin.assert: {that: not refuse, fail_msg: it refuses}}]
- hosts: "all:&{{ site_only | default('all') }}"
  gather_facts: false
  tasks: [{ansible.builtin.raw: "echo run >>{{ world }}/{{ inventory_hostname }}.runs"}]
"""


def test_a_host_is_not_taken_for_converged_by_the_plays_that_never_came(
    stack: NewStack, world: World
) -> None:
    (world.folder / "playbooks" / "site.yml").write_text(_PLAYS)
    world.variables["refuse"] = True
    world.own = {"one": {}, "two": {"groups": ["other"]}}
    pool = started(stack, world)
    with pytest.raises(EngineError, match=r"one: .*: it refuses"):
        pool.up()
    assert world.runs() == {}, "Ansible ends with a play that all of its hosts fail"
    world.own["one"]["refuse"] = False
    pool.up()
    assert world.runs() == {"one": 1, "two": 1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"machines": {}}, "machines: none: a pool has one or more"),
        ({"machines": {"Worker_1": MACHINE}}, "machines: Worker_1: is no host name"),
        ({"group_variables": {"head": {}}}, "group_variables: head: no machine is in this group"),
        ({"variables": {"a-b": 1}}, "variables: a-b: is no variable's name"),
        ({"vault_files": ["a"]}, r"vault_password_file: \(missing\): vault files need it"),
        ({"leavers": "worker"}, "leavers: worker: must be a list"),
    ],
)
def test_bad_arguments_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgs, match=message):
        BareMetalPoolArgs(**{"machines": {"worker-1": MACHINE}, **given})


def test_a_machine_must_be_in_a_group_of_a_free_name() -> None:
    for groups in ([], ["all"], ["converging"], ["gpu-nodes"]):
        with pytest.raises(InvalidArgs, match="groups: "):
            MachineArgs(address="10.0.0.1", groups=groups)


def test_a_machines_controller_is_told_to_the_role_that_presses_its_buttons() -> None:
    bmc = BmcArgs(address="https://10.20.9.1", credentials_file="/etc/bmc.json")
    machine = MachineArgs(address="10.0.0.1", groups=["worker"], bmc=bmc)
    told = BareMetalPoolArgs(machines={"worker-1": machine}).inventory()
    assert told["all"]["children"]["worker"]["hosts"]["worker-1"] == {
        "ansible_host": "10.0.0.1",
        "repair_bmc": "https://10.20.9.1",
        "repair_bmc_credentials": "/etc/bmc.json",
    }
    with pytest.raises(InvalidArgs, match=r"variables\.repair_bmc: set: bmc says it already"):
        MachineArgs(address="10.0.0.1", groups=["worker"], variables={"repair_bmc": "x"}, bmc=bmc)
    for address in ("10.20.9.1", "http://10.20.9.1", "https://me:secret@10.20.9.1", "https://a/redfish"):
        with pytest.raises(InvalidArgs, match=r"bmc\.address: ") as refused:
            BmcArgs(address=address)
        assert "secret" not in str(refused.value)
