"""Emulated hosts as data, and what a machine is told that cannot have them. Needs no root."""

import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from datahall.sandbox import hosts
from datahall.sandbox.hosts import (
    HostsFailedError,
    HostsUsageError,
    api,
    mirror,
    model,
    needs,
    processes,
    store,
)
from datahall.sandbox.hosts.inventory import of

_ROOT = Path(__file__).resolve().parents[3]


def test_the_default_is_one_head_two_workers_and_one_service_host() -> None:
    planned = [(machine.name, str(machine.address)) for machine in model.plan(2)]
    assert planned == [
        ("head-1", "198.18.0.10"),
        ("worker-1", "198.18.0.101"),
        ("worker-2", "198.18.0.102"),
        ("service-1", "198.18.0.20"),
    ]


def test_addresses_of_the_largest_environment_are_distinct_and_on_the_network() -> None:
    addresses = [machine.address for machine in model.plan(model.MAX_WORKERS)]
    assert len(set(addresses)) == len(addresses)
    assert all(address in model.NETWORK for address in addresses)


@pytest.mark.parametrize("workers", [0, -1, 101])
def test_a_number_of_workers_out_of_range_is_refused(workers: int) -> None:
    with pytest.raises(HostsUsageError, match=rf"workers: {workers}: is not from 1 to 100; give another"):
        model.plan(workers)


def test_a_user_who_is_not_root_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        HostsUsageError, match=r"user id: 1000: emulated hosts need root; run it with sudo, or"
    ):
        needs.require()


def test_another_system_is_pointed_to_real_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(
        HostsUsageError, match=r"system: Darwin: emulated hosts need Linux; .*ansible-playbook -i"
    ):
        needs.require()


def test_missing_tools_are_named_by_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(needs, "_PATH", "/nonexistent")
    with pytest.raises(
        HostsUsageError, match=r"packages: .*debootstrap.*: are not installed; apt-get install"
    ):
        needs.require()


def test_no_environment_has_no_hosts_and_is_down_already(tmp_path: Path) -> None:
    assert hosts.hosts(tmp_path / "none") == []
    hosts.down(tmp_path / "none")


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    machines = tuple(model.plan(1))
    groups = (model.Group("edge", model.Role.SERVICE, {"edge_names": ["localhost"]}),)
    record = store.Record(Path("/base"), Path("/mirror"), model.Process(5, 7), machines, groups)
    store.save(tmp_path, record)
    assert store.load(tmp_path) == record


def test_a_group_has_the_hosts_of_its_role_and_stays_as_hosts_come(tmp_path: Path) -> None:
    store.save(tmp_path, store.Record(Path("/base"), Path("/mirror"), None, tuple(model.plan(1))))
    group = model.Group("model", model.Role.WORKER, {"serving_model": "mnist"})
    assert api.assign(tmp_path, [group])
    assert not api.assign(tmp_path, [group]), "it is so already"
    record = store.load(tmp_path)
    assert record is not None
    for planned in (model.plan(1), model.plan(3)):
        shown = of(tmp_path, replace(record, machines=tuple(planned)))
        assert shown["model"] == {"hosts": shown["worker"]["hosts"], "vars": {"serving_model": "mnist"}}
        assert shown["edge"] == {"hosts": []}
    with pytest.raises(HostsUsageError, match=r"hosts: .*none: there are none; bring them up first"):
        api.assign(tmp_path / "none", [group])
    assert not (tmp_path / "none").exists()


def test_the_service_host_serves_the_packages_and_every_host_knows_their_key(tmp_path: Path) -> None:
    (tmp_path / "mirror.asc").write_text("a key")
    shown = of(tmp_path, store.Record(Path("/base"), tmp_path, None, tuple(model.plan(1))))
    assert shown["mirror"] == {"hosts": ["service-1"]}
    assert shown["all"]["vars"]["mirror_key"] == "a key"
    assert shown["all"]["vars"]["mirror_folder"] == "/srv/mirror"
    assert "mirror_key" not in api.planned(tmp_path / "none")["all"]["vars"], "none is made yet"


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text('{"version": 1')
    with pytest.raises(HostsFailedError, match=r"hosts\.json: is damaged"):
        store.load(tmp_path)


def test_a_process_is_not_taken_for_a_later_one_of_the_same_pid() -> None:
    mine = processes.find(os.getpid())
    assert mine is not None
    assert processes.alive(mine)
    assert not processes.alive(model.Process(mine.pid, mine.started + 1))


def test_packages_come_from_the_roles_own_defaults() -> None:
    packages = mirror.packages_of(_ROOT / "playbooks" / "roles")
    assert {"chrony", "munge", "nftables", "slurmctld", "slurmd"} <= set(packages)


@pytest.mark.parametrize(
    ("folder", "package", "component", "said"),
    [
        (".", "restic", "main", "is there already; name one that is not"),
        ("no/folder", "restic", "main", "has no folder above it; make"),
        ("new", "--option", "main", "package: --option: is no name; write NAME or NAME=VERSION"),
        (
            "new",
            "restic",
            "nonfree",
            "component: nonfree: is none of Debian's archive; choose of: main, contrib",
        ),
    ],
)
def test_a_folder_to_carry_is_asked_for_in_words_that_fit(
    tmp_path: Path, folder: str, package: str, component: str, said: str
) -> None:
    with pytest.raises(HostsUsageError, match=said):
        mirror.carry(tmp_path / folder, [package], lambda _: None, components=[component])
    assert not list(tmp_path.iterdir()), "nothing is made"


def test_an_unknown_way_to_fail_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        HostsUsageError, match=r"kind: fire: is no way to fail; choose one of: power, ecc, hang"
    ):
        hosts.fail(tmp_path, "worker-1", "fire")
    with pytest.raises(HostsUsageError, match=r"gpu: 16: is not from 0 to 15"):
        hosts.fail(tmp_path, "worker-1", "ecc", gpu=16)
