"""Instances of a GPU: made anew where nothing uses it, and found by names that stay."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .asked import Asked, SettingsError
from .gpus import Gpu, smi


def set_mig(asked: Asked, gpu: Gpu) -> None:
    """Other instances in place of those that are there, where nothing uses the GPU; back where they fail.

    Raises:
        SettingsError: it is in use, or takes no such instances.
    """
    if users := list(_users(gpu)):
        raise SettingsError(
            f"gpu_mig_profiles: {', '.join(asked.mig_profiles) or 'none'}: GPU {gpu.index} is in use by "
            f"{', '.join(users)}, and its instances would be taken from it; drain the node first"
        )
    try:
        _remake(gpu, asked.mig_profiles)
    except SettingsError as error:
        _remake(gpu, gpu.profiles)
        raise SettingsError(
            f"gpu_mig_profiles: {', '.join(asked.mig_profiles)}: GPU {gpu.index} does not take them "
            f"({error}), and has {', '.join(gpu.profiles) or 'none'} as before; see nvidia-smi mig -lgip"
        ) from error


def _remake(gpu: Gpu, profiles: Sequence[str]) -> None:
    one = ("-i", gpu.index)
    if smi(*one, "--query-gpu=mig.mode.current", "--format=csv,noheader").strip() == "Enabled":
        for command in ("-dci", "-dgi"):
            smi("mig", *one, command, codes=(0, 6))  # 6: there are none
    smi(*one, "-mig", "1" if profiles else "0")
    if profiles:  # the large ones first: they begin in few places
        smi("mig", *one, "-cgi", ",".join(sorted(profiles, key=_size, reverse=True)), "-C")


def _size(profile: str) -> tuple[int, str]:
    return int(profile.partition("g")[0]), profile


def _users(gpu: Gpu) -> Iterator[str]:
    """Processes that compute on it, and jobs on this host: one may have it and not compute yet."""
    for row in smi("--query-compute-apps=gpu_uuid,pid", "--format=csv,noheader").splitlines():
        uuid, _, pid = (part.strip() for part in row.partition(","))
        if uuid == gpu.told["uuid"] or uuid.startswith("MIG-"):
            yield f"process {pid}"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            name = path.read_bytes().partition(b"\0")[0].decode()
        except OSError:
            continue  # it ended
        if job := re.match(r"slurmstepd: \[(\d+)", name):
            yield f"job {job[1]}"
