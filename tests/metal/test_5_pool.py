"""BareMetalPool on emulated hosts: a worker that Redfish installed anew joins; drift is found and mended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components import BareMetalPool, BareMetalPoolArgs, MachineArgs
from datahall.engine import Diagnostic
from datahall.sandbox import hosts
from datahall.testing import NewStack, Stack
from tests.metal.driver import ROOT, Site

pytestmark = pytest.mark.timeout(1800)
_PLUGINS = ROOT / "datahall" / "baremetal" / "bin"


def _args(site: Site, *, without: str = "") -> BareMetalPoolArgs:
    """The hosts as their own inventory tells of them."""
    told = hosts.inventory(site.folder)
    groups = {name: group for name, group in told.items() if name not in ("_meta", "all")}
    machines = {
        name: MachineArgs(
            address=own["ansible_host"],
            groups=[group for group, members in groups.items() if name in members.get("hosts", [])],
            variables={key: value for key, value in own.items() if key != "ansible_host"},
        )
        for name, own in told["_meta"]["hostvars"].items()
        if name != without
    }
    shared = {name: group["vars"] for name, group in groups.items() if group.get("vars")}
    return BareMetalPoolArgs(
        machines=machines,
        variables=told["all"]["vars"],
        group_variables=shared,
        leavers=(),
        deletion_protection=False,
    )


def _said(stack: Stack) -> str:
    told = "\n".join(event.message for event in stack.events if isinstance(event, Diagnostic))
    stack.events.clear()
    return told


@pytest.fixture
def redfish(converged: Site, tmp_path: Path) -> Iterator[list[str]]:
    """The command line of the client, but for the command: an emulated controller has the hosts' buttons."""
    given = ["--folder", str(tmp_path / "bmc"), "--hosts", str(converged.folder)]
    with subprocess.Popen(
        [sys.executable, "-m", "datahall.sandbox.redfish", *given],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield ["--bmc", told["url"], "--ca", told["ca"], "--credentials", told["credentials"]]
        process.terminate()
        assert process.wait(60) == 0


def _redfish(command: str, system: str, arguments: list[str]) -> str:
    return subprocess.run(
        [sys.executable, "-m", "datahall.redfish", command, "--system", system, *arguments],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.strip()  # fmt: skip


def test_a_worker_that_redfish_installed_anew_joins_the_pool(
    converged: Site, stack: NewStack, redfish: list[str]
) -> None:
    wanted = _args(converged, without="worker-2")
    pool = stack(lambda: BareMetalPool("site", wanted), aws=False, plugin_path=[_PLUGINS])
    pool.up()
    assert "worker-1: converged" in _said(pool)
    assert converged.ssh("head-1", "sinfo --noheader --Node --format=%N").split() == ["worker-1"]
    assert not pool.up().changed

    converged.ssh("worker-2", "sudo touch /of-before")
    assert _redfish("install", "worker-2", redfish) == "On"
    assert converged.try_ssh("worker-2", "test -e /of-before").returncode == 1, "it is a blank host"

    _said(pool)
    wanted = _args(converged)
    pool.up()
    told = _said(pool)
    assert "worker-2: converged" in told
    assert "tasks changed it; EMULATED: audit, clock, gpu, kernel, storage" in told
    assert "worker-1: converged" not in told, "the others only learn of it"
    converged.until("head-1", "sinfo --noheader --Node --format='%N %T'", "worker-2 idle")

    converged.ssh("worker-1", "sudo nft flush ruleset")
    pool.refresh()
    drift = pool.resource("site", "baremetal:index:Hosts").outputs["drift"]
    assert list(drift) == ["worker-1"]
    assert any("Find rules that somebody changed since" in task for task in drift["worker-1"])
    pool.up()
    assert "policy drop" in converged.ssh("worker-1", "sudo nft list ruleset")
    converged.playbook("acceptance.yml").succeeded()


def test_its_power_button_is_pressed_from_afar(converged: Site, redfish: list[str]) -> None:
    assert _redfish("off", "service-1", redfish) == "Off"
    assert converged.try_ssh("service-1", "true").returncode != 0
    assert _redfish("on", "service-1", redfish) == "On"
    assert converged.try_ssh("service-1", "true").returncode == 0
