"""What can be done with emulated hosts. Every function takes the environment's folder."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datahall.sandbox.hosts import base, cgroups, leftovers, machine, mirror, needs, network, processes, store
from datahall.sandbox.hosts import inventory as inventories
from datahall.sandbox.hosts import ssh as shell
from datahall.sandbox.hosts.emulated_gpu.gpus import KINDS, MAX
from datahall.sandbox.hosts.errors import HostsFailedError, HostsUsageError
from datahall.sandbox.hosts.model import WORKERS, Group, Host, Machine, Power, plan
from datahall.sandbox.hosts.store import Record

_NOT_IN_A_MOUNT_OPTION = set(",:\\ \t")


def prepare(packages: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> tuple[Path, Path]:
    """The base and the mirror of these packages, made where they are missing.

    Raises:
        HostsUsageError: the machine does not fit.
    """
    needs.require()
    return base.ensure(tell), mirror.ensure(packages, tell)


def up(
    folder: Path,
    packages: Sequence[str],
    *,
    workers: int = WORKERS,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Host]:
    """Bring the hosts up, making what is missing; hosts that run are not touched.

    ``packages``: the Debian packages that the hosts can install (``mirror.packages_of`` reads the roles).

    Raises:
        HostsUsageError: the machine or the arguments do not fit.
        HostsFailedError: a host does not boot.
    """
    needs.require()
    wanted = plan(workers)
    if odd := _NOT_IN_A_MOUNT_OPTION.intersection(str(folder.resolve())):
        raise HostsUsageError("folder", str(folder), f"has {sorted(odd)!r} in its name", "use another one")
    folder = folder.resolve()
    with store.locked(folder):
        made_of, mirrored = prepare(packages, tell)
        record = store.load(folder) or Record(made_of, mirrored, None, ())
        if not any(map(_running, record.machines)):
            record = replace(record, mirror=mirrored)  # nothing has the old one mounted
        extra = [each.name for each in record.machines if each.name not in {want.name for want in wanted}]
        if extra:
            raise HostsUsageError("workers", str(workers), f"is fewer than there are ({', '.join(extra)})",
                               "remove hosts by name first")  # fmt: skip
        for each in wanted:
            if record.machine(each.name) is None:
                machine.create(folder, each)
                record = record.put(each)
        record = _boot(folder, record, [each.name for each in wanted], tell)
    return _seen(folder, record)


def start(folder: Path, name: str) -> Host:
    """Put a host on that is off; its files are as it left them."""
    needs.require()
    folder = folder.resolve()
    with store.locked(folder):
        record = _boot(folder, _known(folder, name), [name], lambda _: None)
    return _one(folder, record, name)


def wait(folder: Path, name: str, *, timeout_s: float = shell.BOOT_S) -> None:
    """Wait until a host has booted.

    Raises:
        HostsFailedError: it has not, or units failed in it.
    """
    _known(folder.resolve(), name)
    shell.wait_ready(folder.resolve(), name, timeout_s=timeout_s)


def stop(folder: Path, name: str) -> Host:
    """Shut a host down in order."""
    return _change(folder, name, machine.shut_down)


def fail(folder: Path, name: str, kind: str = "power", *, gpu: int = 0) -> Host:
    """Let a host fail: its power is cut, or one of its emulated GPUs gets a fault.

    Raises:
        HostsUsageError: no such host, kind of fault or GPU.
        HostsFailedError: it has no emulated GPUs yet.
    """
    if kind == "power":
        return _change(folder, name, machine.cut_power)
    if kind not in KINDS:
        known = ", ".join(["power", *KINDS])
        raise HostsUsageError("kind", kind, "is no way to fail", f"choose one of: {known}")
    if gpu not in range(MAX):
        raise HostsUsageError("gpu", str(gpu), f"is not from 0 to {MAX - 1}", "give another number")
    record = _known(folder.resolve(), name)
    asked = ["sudo", "emulated-gpu", "fail", kind, "--gpu", str(gpu)]
    processes.run(shell.command(folder.resolve(), name, asked), what=f"letting {name} fail")
    return _one(folder.resolve(), record, name)


def cycle(folder: Path, name: str) -> Host:
    """Cut a host's power, where it has any, and put it on again; returns when it has booted."""
    needs.require()
    folder = folder.resolve()
    with store.locked(folder):
        record = _known(folder, name)
        record = _boot(folder, record.put(machine.cut_power(folder, record[name])), [name], lambda _: None)
    return _one(folder, record, name)


def reset(folder: Path, name: str) -> Host:
    """Replace a host by a blank one of the same name and address; returns when it has booted."""
    needs.require()
    folder = folder.resolve()
    with store.locked(folder):
        record = _known(folder, name)
        blank = machine.cut_power(folder, record[name])
        machine.create(folder, blank)
        record = _boot(folder, record.put(blank), [name], lambda _: None)
    return _one(folder, record, name)


def remove(folder: Path, name: str) -> None:
    """Take a host away, with its files."""
    needs.require()
    folder = folder.resolve()
    with store.locked(folder):
        record = _known(folder, name)
        machine.cut_power(folder, record[name])
        shutil.rmtree(machine.files(folder, name))
        _keep(folder, record.drop(name))


def hosts(folder: Path) -> list[Host]:
    """The hosts as they are now; none where there is no environment."""
    folder = folder.resolve()
    record = store.load(folder)
    return [] if record is None else _seen(folder, record)


def ssh(folder: Path, name: str, argv: Sequence[str] = ()) -> list[str]:
    """The command line that reaches a host.

    Raises:
        HostsUsageError: no such host.
    """
    folder = folder.resolve()
    _known(folder, name)
    return shell.command(folder, name, argv)


def inventory(folder: Path) -> dict[str, Any]:
    """The hosts as an Ansible inventory.

    Raises:
        HostsUsageError: there are no hosts.
    """
    folder = folder.resolve()
    if (record := store.load(folder)) is None:
        raise HostsUsageError("hosts", str(folder), "there are none", "bring them up first")
    return inventories.of(folder, record)


def planned(folder: Path, *, workers: int = WORKERS) -> dict[str, Any]:
    """The inventory that there would be after ``up``; nothing is made or asked.

    Raises:
        HostsUsageError: too many workers, or none.
    """
    folder = folder.resolve()
    nowhere = Path()
    return inventories.of(folder, Record(nowhere, nowhere, None, tuple(plan(workers))))


def assign(folder: Path, groups: Sequence[Group]) -> bool:
    """Have these groups in the inventory besides the roles'; whether that changed anything.

    Raises:
        HostsUsageError: there are no hosts.
    """
    folder = folder.resolve()
    if store.load(folder) is None:
        raise HostsUsageError("hosts", str(folder), "there are none", "bring them up first")
    with store.locked(folder):
        record = store.load(folder)
        if record is None or record.groups == tuple(groups):
            return False
        _keep(folder, replace(record, groups=tuple(groups)))
    return True


def down(folder: Path) -> None:
    """Take everything away and look whether anything is left.

    Raises:
        HostsFailedError: something is left; it is named.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        return
    needs.require()
    with store.locked(folder):
        namespace, holders = _namespace(folder), cgroups.pids(machine.group(folder, "network"))
        shell.close_connections(folder)
        cgroups.kill(machine.group(folder))  # hosts and their network: a damaged record is no hindrance
        for pid in [*holders, *machine.supervisors(folder)]:
            processes.end(processes.find(pid), patience_s=2)
        cgroups.remove(machine.group(folder))
        if left := leftovers.wait(folder, namespace):
            raise HostsFailedError(f"left after down: {'; '.join(left)}")
    shutil.rmtree(folder)


def _namespace(folder: Path) -> str:
    """The hosts' network namespace, as the process that holds it shows it; empty where there is none."""
    pids = cgroups.pids(machine.group(folder, "network"))
    return next((network.identity(processes.find(pid)) for pid in pids), "")


def _boot(folder: Path, record: Record, names: list[str], tell: Callable[[str], None]) -> Record:
    for part in (record.base, record.mirror):
        if not part.is_dir():
            fix = "take the hosts down and bring them up anew"
            raise HostsUsageError("cache", str(part), "is gone, and these hosts are made of it", fix)
    if not processes.alive(record.network):
        for each in record.machines:  # on a network that is gone no host can be reached
            record = record.put(machine.cut_power(folder, each))
        groups = cgroups.make(machine.group(folder, "network"))
        record = replace(record, network=network.open_namespace(folder / "network.log", groups))
    _keep(folder, record)
    started = []
    for each in record.machines:
        if each.name in names and not _running(each):
            tell(f"starting {each.name}")
            record = record.put(machine.boot(folder, record, each))
            _keep(folder, record)
            started.append(each.name)
    for name in started:
        shell.wait_ready(folder, name)
    return record


def _change(folder: Path, name: str, how: Callable[[Path, Machine], Machine]) -> Host:
    needs.require()
    folder = folder.resolve()
    with store.locked(folder):
        record = _known(folder, name)
        record = record.put(how(folder, record[name]))
        _keep(folder, record)
    return _one(folder, record, name)


def _known(folder: Path, name: str) -> Record:
    record = store.load(folder)
    names = [] if record is None else [each.name for each in record.machines]
    if record is None or name not in names:
        raise HostsUsageError(
            "host", name, f"is none of: {', '.join(names) or 'no hosts'}", "list them first"
        )
    return record


def _keep(folder: Path, record: Record) -> None:
    store.save(folder, record)
    shell.write_config(folder, record)
    inventories.write(folder, record)


def _running(each: Machine) -> bool:
    return machine.power(each) is Power.RUNNING


def _seen(folder: Path, record: Record) -> list[Host]:
    return [
        Host(
            each.name,
            each.role,
            each.address,
            machine.power(each),
            cgroups.memory(machine.group(folder, each.name)),
        )
        for each in record.machines
    ]


def _one(folder: Path, record: Record, name: str) -> Host:
    return next(each for each in _seen(folder, record) if each.name == name)
