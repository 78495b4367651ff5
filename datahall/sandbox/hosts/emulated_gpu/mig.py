"""``nvidia-smi mig``: GPU instances and their compute instances; exit codes are NVML's."""

import argparse
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .gpus import ROOT, Gpu, Settings, changing, gpus
from .models import Instance, Profile

NOT_FOUND, IN_USE, NO_ROOM = 6, 19, 23
MINORS = ROOT / "run/emulated-gpu/mig-minors"
"""Stands in for /proc/driver/nvidia-caps/mig-minors."""
_CAPS = ROOT / "dev/nvidia-caps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is known of the command."""
    parser.add_argument("-i", "--id", default=argparse.SUPPRESS)
    parser.add_argument("-C", "--default-compute-instance", action="store_true", dest="compute")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-lgip", "--list-gpu-instance-profiles", action="store_true", dest="profiles")
    what.add_argument("-lgi", "--list-gpu-instances", action="store_true", dest="instances")
    what.add_argument("-cgi", "--create-gpu-instance", metavar="PROFILES", dest="create")
    what.add_argument("-dci", "--destroy-compute-instance", action="store_true", dest="destroy_compute")
    what.add_argument("-dgi", "--destroy-gpu-instance", action="store_true", dest="destroy")


def main(args: argparse.Namespace, indices: Sequence[int]) -> int:
    """Do what is asked, on the GPUs of these indices that have MIG on."""
    chosen = [gpu for gpu in gpus() if gpu.index in indices and gpu.settings.mig]
    if not chosen:
        print("No MIG-enabled devices found. (EMULATED)")
        return NOT_FOUND
    if args.profiles:
        return _list_profiles(chosen)
    if args.instances:
        return _list_instances(chosen)
    with changing() as told:
        code = 0
        for gpu in chosen:
            if args.create is not None:
                told[gpu.index], code = _create(
                    gpu, told[gpu.index], args.create.split(","), compute=args.compute
                )
            elif args.destroy_compute:
                told[gpu.index], code = _destroy_compute(gpu, told[gpu.index])
            else:
                told[gpu.index], code = _destroy(gpu, told[gpu.index])
            if code:
                break
        tell_minors(told)
    return code


def _list_profiles(chosen: Sequence[Gpu]) -> int:
    print("GPU instance profiles (EMULATED):")
    for gpu in chosen:
        for name, profile in gpu.model.profiles.items():
            there = len(profile.ids)
            free = there - sum(each.profile == name for each in gpu.settings.instances)
            print(f"|{gpu.index:4}  MIG {name:14}{profile.number:5}{free:6}/{there} |")
    return 0


def _list_instances(chosen: Sequence[Gpu]) -> int:
    rows = [
        f"|{gpu.index:4}  MIG {each.profile:14}{gpu.model.profiles[each.profile].number:5}{each.number:9}"
        f"{each.start:11}:{gpu.model.profiles[each.profile].slices}     |"
        for gpu in chosen
        for each in gpu.settings.instances
    ]
    if not rows:
        print("No GPU instances found: Not Found (EMULATED)")
        return NOT_FOUND
    print("\n".join(["| GPU instances (EMULATED):                          |", *rows]))
    return 0


def _create(gpu: Gpu, told: Settings, asked: Sequence[str], *, compute: bool) -> tuple[Settings, int]:
    known = gpu.model.profiles
    names = {str(profile.number): name for name, profile in known.items()} | {name: name for name in known}
    for each in asked:
        if each not in names:
            print(f"Unable to parse profile {each}: Invalid Argument (EMULATED)", file=sys.stderr)
            return told, 2
        name = names[each]
        made = _placed(name, known[name], told, known)
        if made is None:
            print(
                f"Unable to create a GPU instance on GPU {gpu.index:2} using profile {known[name].number}: "
                "Insufficient Resources (EMULATED)",
                file=sys.stderr,
            )
            return told, NO_ROOM
        told = replace(told, instances=(*told.instances, replace(made, compute=compute)))
        print(
            f"Successfully created GPU instance ID {made.number:2} on GPU {gpu.index:2} using profile "
            f"MIG {name} (ID {known[name].number:2}) (EMULATED)"
        )
    return told, 0


def _placed(name: str, profile: Profile, told: Settings, known: Mapping[str, Profile]) -> Instance | None:
    """An instance where there is still room for it."""
    taken = {
        slice_
        for each in told.instances
        for slice_ in range(each.start, each.start + known[each.profile].slices)
    }
    free = [number for number in profile.ids if number not in {each.number for each in told.instances}]
    for start in profile.starts:
        if free and not taken.intersection(range(start, start + profile.slices)):
            return Instance(name, free[0], start)
    return None


def _destroy_compute(gpu: Gpu, told: Settings) -> tuple[Settings, int]:
    if told.busy:
        print(
            f"Unable to destroy compute instances on GPU {gpu.index:2}: In use by another client (EMULATED)"
        )
        return told, IN_USE
    if not any(each.compute for each in told.instances):
        print("No compute instances found: Not Found (EMULATED)")
        return told, NOT_FOUND
    for each in told.instances:
        print(
            f"Successfully destroyed compute instance ID  0 from GPU {gpu.index:2} "
            f"GPU instance ID {each.number:2} (EMULATED)"
        )
    return replace(told, instances=tuple(replace(each, compute=False) for each in told.instances)), 0


def _destroy(gpu: Gpu, told: Settings) -> tuple[Settings, int]:
    if any(each.compute for each in told.instances):
        print(f"Unable to destroy GPU instances on GPU {gpu.index:2}: In use by another client (EMULATED)")
        return told, IN_USE
    if not told.instances:
        print("No GPU instances found: Not Found (EMULATED)")
        return told, NOT_FOUND
    for each in told.instances:
        print(f"Successfully destroyed GPU instance ID {each.number:2} from GPU {gpu.index:2} (EMULATED)")
    return replace(told, instances=()), 0


def tell_minors(told: Mapping[int, Settings]) -> None:
    """The capabilities' minor numbers by the driver's formula, and device nodes that hold nothing."""
    lines = {}
    for index, settings in told.items():
        for each in settings.instances:
            first = 3 + index * 135 + each.number * 9
            lines[f"gpu{index}/gi{each.number}/access"] = first
            lines[f"gpu{index}/gi{each.number}/ci0/access"] = first + 1
    MINORS.write_text("".join(f"{name} {minor}\n" for name, minor in lines.items()))
    _CAPS.mkdir(parents=True, exist_ok=True)
    wanted = {f"nvidia-cap{minor}" for minor in lines.values()}
    for name in wanted - {path.name for path in _CAPS.iterdir()}:
        os.mknod(_CAPS / name, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    for path in _CAPS.iterdir():
        if path.name not in wanted:
            path.unlink()
