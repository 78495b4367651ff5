"""What is wrong with Lustre file systems that a host is to mount, and with what LNet speaks.

Pure functions of the inventory's variables; used by role storage and by validate.yml. A NID is an address and
a network of LNet's (``10.20.8.1@tcp``, ``10.20.8.1@o2ib1``); ``tcp`` is ``tcp0`` (Lustre's manual, LNet).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_NID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*@((?:tcp|o2ib)[0-9]*)")
_NETWORK = re.compile(r"((?:tcp|o2ib)[0-9]*)(\([A-Za-z0-9._-]+\))?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,8}")
_FOLDER = re.compile(r"(/[a-z0-9]+)+")


def lustre_problems(mounts: Sequence[Mapping[str, Any]], networks: Sequence[str]) -> list[str]:
    """Every problem of one host's ``storage_lustre_*`` as ``field: value: rule; fix``, in order."""
    return list(_problems(mounts, networks))


def lustre_host_problems(
    hosts: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]]
) -> list[str]:
    """The same of every host of the inventory, and what only a real host lacks; each begins with its name."""
    return sorted(f"{name}: {problem}" for name in groups["all"] for problem in _host(hosts[name]))


def lnet_missing(nids: Iterable[str], networks: Sequence[str]) -> list[str]:
    """The networks that were asked for, and that no NID of the host is in."""
    there = {_plain(nid.rpartition("@")[2]) for nid in nids}
    return [network for network in networks if _plain(network) not in there]


def _problem(field: str, value: object, rule: str, fix: str) -> str:
    return f"{field}: {value}: {rule}; {fix}"


def _host(variables: Mapping[str, Any]) -> Iterator[str]:
    mounts = variables.get("storage_lustre_mounts", [])
    yield from _problems(mounts, variables.get("storage_lustre_networks", []))
    others = [*variables.get("storage_mounts", []), *variables.get("storage_volumes", [])]
    taken = {str(each.get("mount")) for each in others}
    for folder in sorted({str(mount.get("mount")) for mount in mounts} & taken):
        rule, fix = "something else is mounted there", "give it a folder of its own"
        yield _problem("storage_lustre_mounts", folder, rule, fix)
    facts = variables.get("ansible_facts", {})
    emulated = facts.get("ansible_local", {}).get("datahall", {}).get("emulated", {})
    # a host that does not answer is told as that
    real = "distribution" in facts and "storage" not in emulated
    if mounts and real and not variables.get("storage_lustre_packages"):
        fix = "name the client's tools, and modules for the host's kernel"
        yield _problem("storage_lustre_packages", "none", "Debian has no Lustre", fix)


def _problems(mounts: Sequence[Mapping[str, Any]], networks: Sequence[str]) -> Iterator[str]:
    for network in networks:
        if not _NETWORK.fullmatch(str(network)):
            fix = "write tcp0(eth0) or o2ib0(ib0)"
            yield _problem("storage_lustre_networks", network, "is no network of LNet's", fix)
    spoken = {_plain(network) for network in networks} or {"tcp"}
    for mount in mounts:
        yield from _mount(mount, spoken)
    folders = [str(mount.get("mount")) for mount in mounts]
    for folder in sorted({each for each in folders if folders.count(each) > 1}):
        yield _problem("storage_lustre_mounts", folder, "is there twice", "give each its own folder")


def _mount(mount: Mapping[str, Any], spoken: set[str]) -> Iterator[str]:
    folder, name, nids = (mount.get(field) for field in ("mount", "filesystem", "mgs"))
    where = f"storage_lustre_mounts[{folder}]"
    if not _FOLDER.fullmatch(str(folder)):
        yield _problem(f"{where}.mount", folder, "is no folder of small letters and digits", "write /scratch")
    if not _NAME.fullmatch(str(name)):
        rule, fix = "is no name of 1 to 8 letters and digits", "write it as mkfs.lustre got it"
        yield _problem(f"{where}.filesystem", name, rule, fix)
    if not isinstance(nids, list) or not nids:
        yield _problem(f"{where}.mgs", nids, "is no list of NIDs", "write [10.20.8.1@tcp]")
        return
    for nid in nids:
        if not (found := _NID.fullmatch(str(nid))):
            fix = "write it as lctl list_nids says it there: 10.20.8.1@tcp"
            yield _problem(f"{where}.mgs", nid, "is no NID", fix)
        elif _plain(found[1]) not in spoken:
            rule = f"the host speaks {', '.join(sorted(spoken))} alone"
            yield _problem(f"{where}.mgs", nid, rule, "name its network in storage_lustre_networks")


def _plain(network: str) -> str:
    """``tcp0(eth0)`` is ``tcp``."""
    name = str(network).partition("(")[0]
    return name.removesuffix("0") if re.fullmatch(r"(tcp|o2ib)0", name) else name


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {
            "lustre_problems": lustre_problems,
            "lustre_host_problems": lustre_host_problems,
            "lnet_missing": lnet_missing,
        }
