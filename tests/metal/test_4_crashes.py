"""Whatever dies, the next command sees it and mends it, and down leaves nothing."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datahall.sandbox import hosts
from datahall.sandbox.hosts import HostsFailedError, Power, mirror
from tests.metal.driver import PLAYBOOKS, machine_state

pytestmark = pytest.mark.timeout(900)
_PACKAGES = mirror.packages_of(PLAYBOOKS / "roles")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three hosts, which each test leaves as they were; the last one takes them down."""
    home = tmp_path_factory.mktemp("crashes")
    own = home / "hosts", home / "other"
    before = machine_state(*own)
    try:
        hosts.up(home / "hosts", _PACKAGES, workers=1)
        yield home / "hosts"
    finally:
        for each in own:
            hosts.down(each)
    assert machine_state(*own) == before


def _recorded(folder: Path) -> Any:  # noqa: ANN401 - JSON has no type before it is looked at
    return json.loads((folder / "hosts.json").read_text())


def _power(folder: Path, name: str) -> Power:
    return next(host.power for host in hosts.hosts(folder) if host.name == name)


def test_a_host_whose_supervisor_was_killed_is_seen_as_dead_and_comes_back(folder: Path) -> None:
    pid = next(each["process"]["pid"] for each in _recorded(folder)["machines"] if each["name"] == "worker-1")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert _power(folder, "worker-1") is Power.DEAD
    hosts.up(folder, _PACKAGES, workers=1)
    assert _power(folder, "worker-1") is Power.RUNNING


def test_hosts_whose_network_was_killed_come_back_on_a_new_one(folder: Path) -> None:
    pid = _recorded(folder)["network"]["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    hosts.up(folder, _PACKAGES, workers=1)
    hosts.wait(folder, "worker-1")
    assert _recorded(folder)["network"]["pid"] != pid


def test_two_environments_do_not_see_each_other(folder: Path) -> None:
    other = folder.with_name("other")
    hosts.up(other, _PACKAGES, workers=1)
    hosts.stop(other, "worker-1")
    assert _power(folder, "worker-1") is Power.RUNNING
    hosts.down(other)
    hosts.wait(folder, "worker-1")


def test_a_damaged_record_is_named_and_hinders_no_down(folder: Path) -> None:
    (folder / "hosts.json").write_text("{")
    with pytest.raises(HostsFailedError, match=r"hosts\.json: is damaged"):
        hosts.hosts(folder)
    hosts.down(folder)
    assert not folder.exists()
