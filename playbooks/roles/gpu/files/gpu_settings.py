#!/usr/bin/python3
"""How this host's GPUs are to be set, compared with how they are; installed as /usr/local/sbin/gpu-settings.

``check`` says what differs, a line each, and changes nothing; ``apply`` sets what differs, and that alone,
and writes down what was asked. What is asked is JSON on stdin, with ``--kept`` what was written down last:
then units are left alone (at boot, and in the health check). ``undo`` gives the GPUs back as they come.

One file, as one program is installed with nothing beside it.

Exit codes: 0 as asked, 1 ``check`` found differences, 2 it cannot be: field, value, rule, fix.
"""

import argparse
import fcntl
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("EMULATED_GPU_ROOT", "/"))
KEPT, STATE, LOCK = (
    ROOT / "etc/gpu-settings.json",
    ROOT / "run/gpu-settings.clocks",
    ROOT / "run/gpu-settings.lock",
)
LINKS, DEVICES = ROOT / "dev/gpu-mig", ROOT / "dev"
# the driver's table of capabilities, or what stands in for it
MINORS = (ROOT / "proc/driver/nvidia-caps/mig-minors", ROOT / "run/emulated-gpu/mig-minors")
FIELDS = (
    "index", "name", "uuid", "persistence_mode", "power.limit", "power.default_limit", "power.min_limit",
    "power.max_limit", "clocks.current.graphics", "mig.mode.current",
)  # fmt: skip
GOOD = {"ActiveState": {"active"}, "UnitFileState": {"enabled"}, "NeedDaemonReload": {"no"}}
BAD = {
    "ActiveState": {"inactive", "failed"},
    "UnitFileState": {"", "disabled", "masked", "static"},
    "NeedDaemonReload": {"no", "yes"},
}
BOOT = "gpu-settings"
TIMEOUT_S, CLOCK_STEP = 60, 15
_DEVICE = re.compile(r"^GPU (?P<gpu>\d+): |^\s+MIG (?P<profile>\S+)\s+Device", re.MULTILINE)
_INSTANCE = re.compile(r"^\|\s*(\d+)\s+MIG (\S+)\s+\d+\s+(\d+)\s+\d+:\d+\s*\|", re.MULTILINE)


class SettingsError(Exception):
    """It cannot be set so; field, value, rule, fix."""


@dataclass(frozen=True)
class Asked:
    """What is to be: power limit in W (0: the GPU's own), clocks as [lowest, highest] in MHz."""

    persistence: bool = True
    power_limit: int = 0
    clocks: Sequence[int] = ()
    mig_profiles: Sequence[str] = ()
    units: Sequence[str] = ()
    """Those that run, and start at boot."""
    stopped: Sequence[str] = ()
    """Those that do not."""

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            name: list(told) if isinstance(told, (list, tuple)) else told for name, told in vars(self).items()
        }


@dataclass(frozen=True)
class Gpu:
    """One GPU as it is."""

    told: Mapping[str, str]
    profiles: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    @property
    def index(self) -> str:
        """Its number."""
        return self.told["index"]

    def number(self, name: str) -> float | None:
        """A field's number; None where the GPU has none."""
        return float(self.told[name]) if re.fullmatch(r"[0-9.]+", self.told[name]) else None


def smi(*arguments: str, codes: Sequence[int] = (0,)) -> str:
    """What nvidia-smi says.

    Raises:
        SettingsError: another exit code, or no answer.
    """
    said = " ".join(["nvidia-smi", *arguments])
    try:
        done = subprocess.run(
            ["nvidia-smi", *arguments], check=False, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError(f"{said}: {error}") from error
    if done.returncode not in codes:
        raise SettingsError(f"{said}: {' '.join((done.stdout + done.stderr).split())}")
    return done.stdout


def gpus() -> list[Gpu]:
    """The GPUs that answer."""
    rows = smi(f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits").splitlines()
    told = [dict(zip(FIELDS, (part.strip() for part in row.split(",")), strict=True)) for row in rows]
    made: dict[str, list[str]] = {each["index"]: [] for each in told}
    if any(each["mig.mode.current"] == "Enabled" for each in told):
        gpu = ""
        for found in _DEVICE.finditer(smi("-L")):
            gpu = found["gpu"] or gpu
            if found["profile"]:
                made[gpu].append(found["profile"])
    return [Gpu(each, tuple(sorted(made[each["index"]]))) for each in told]


def refuse(asked: Asked, gpu: Gpu) -> None:
    """Say what this GPU cannot be set to, before anything is.

    Raises:
        SettingsError: what it is.
    """
    low, high = gpu.number("power.min_limit"), gpu.number("power.max_limit")
    if asked.power_limit and (low is None or high is None or not low <= asked.power_limit <= high):
        takes = "takes no power limit" if low is None or high is None else f"takes {low:.0f} to {high:.0f} W"
        raise SettingsError(f"gpu_power_limit: {asked.power_limit}: GPU {gpu.index} {takes}; correct it")
    if asked.mig_profiles and gpu.told["mig.mode.current"] not in ("Enabled", "Disabled"):
        shown = ", ".join(asked.mig_profiles)
        raise SettingsError(
            f"gpu_mig_profiles: {shown}: GPU {gpu.index} ({gpu.told['name']}) has no MIG; take it out"
        )


def differences(asked: Asked, gpu: Gpu) -> Iterator[tuple[str, str]]:
    """What is set (a part of ``SETTERS``), and how it differs."""
    here, on = f"gpu {gpu.index}:", {True: "Enabled", False: "Disabled"}
    if gpu.told["persistence_mode"] != on[asked.persistence]:
        yield (
            "persistence",
            f"{here} persistence mode {gpu.told['persistence_mode']}, not {on[asked.persistence]}",
        )
    present, own = gpu.number("power.limit"), gpu.number("power.default_limit")
    wanted = asked.power_limit or own
    if present is not None and wanted is not None and abs(present - wanted) >= 1:
        yield "power_limit", f"{here} power limit {present:.0f} W, not {wanted:.0f} W"
    # a driver does not tell to what clocks are locked: we note it, and see what runs higher
    locked, clock = _locked().get(gpu.told["uuid"], []), gpu.number("clocks.current.graphics")
    if locked != list(asked.clocks):
        yield "clocks", f"{here} clocks {_clocks(locked)}, not {_clocks(asked.clocks)}"
    elif asked.clocks and clock is not None and clock > asked.clocks[1] + CLOCK_STEP:
        yield "clocks", f"{here} clock {clock:.0f} MHz, above {asked.clocks[1]} MHz"
    if gpu.profiles != tuple(sorted(asked.mig_profiles)) or (
        gpu.told["mig.mode.current"] == "Enabled"
    ) != bool(asked.mig_profiles):
        yield (
            "mig",
            f"{here} MIG {', '.join(gpu.profiles) or 'none'}, not {', '.join(asked.mig_profiles) or 'none'}",
        )


def _clocks(pair: Sequence[int]) -> str:
    return " to ".join(map(str, pair)) + " MHz" if pair else "not locked"


def _locked() -> dict[str, list[int]]:
    """UUID -> the clocks that it was locked to since it booted."""
    try:
        told: dict[str, list[int]] = json.loads(STATE.read_text())
    except FileNotFoundError:
        return {}
    return told


def set_persistence(asked: Asked, gpu: Gpu) -> None:
    """For what a driver forgets of a GPU that nobody uses."""
    smi("-i", gpu.index, "-pm", str(int(asked.persistence)))


def set_power_limit(asked: Asked, gpu: Gpu) -> None:
    """The limit, or the GPU's own."""
    smi("-i", gpu.index, "-pl", str(asked.power_limit or gpu.number("power.default_limit")))


def set_clocks(asked: Asked, gpu: Gpu) -> None:
    """Lock them, or let them go; and note it, for as long as the host is up."""
    smi("-i", gpu.index, *(["-lgc", ",".join(map(str, asked.clocks))] if asked.clocks else ["-rgc"]))
    told = {uuid: clocks for uuid, clocks in _locked().items() if uuid != gpu.told["uuid"]}
    if asked.clocks:
        told[gpu.told["uuid"]] = list(asked.clocks)
    write(STATE, told)


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


def links(asked: Asked) -> dict[str, str]:
    """Name below ``LINKS`` -> the capability's device: names that stay, for the scheduler, at each boot."""
    if not asked.mig_profiles:
        return {}
    table = next((path for path in MINORS if path.exists()), None)
    minors = dict(line.split() for line in table.read_text().splitlines()) if table else {}
    wanted: dict[str, str] = {}
    found = sorted(_INSTANCE.findall(smi("mig", "-lgi", codes=(0, 6))), key=lambda row: int(row[2]))
    for gpu, profile, instance in found:
        number = sum(name.startswith(f"{gpu}/{profile}/") for name in wanted) // 2
        for part, path in (("gpu", ""), ("compute", "/ci0")):
            if not (minor := minors.get(f"gpu{gpu}/gi{instance}{path}/access")):
                raise SettingsError(f"{table or MINORS[0]}: does not tell of gpu{gpu}/gi{instance}{path}")
            wanted[f"{gpu}/{profile}/{number}/{part}"] = f"/dev/nvidia-caps/nvidia-cap{minor}"
    return wanted


def linked() -> dict[str, str]:
    """The links that are there."""
    return {
        str(path.relative_to(LINKS)): str(path.readlink()) for path in LINKS.rglob("*") if path.is_symlink()
    }


def link(wanted: Mapping[str, str]) -> None:
    """Have these and no others."""
    for name, there in linked().items():
        if wanted.get(name) != there:
            (LINKS / name).unlink()
    for name, device in wanted.items():
        if not (LINKS / name).is_symlink():
            (LINKS / name).parent.mkdir(parents=True, exist_ok=True)
            (LINKS / name).symlink_to(device)


def characters() -> dict[str, str]:
    """Links by number that are missing: without them a daemon-reload takes GPUs from running containers."""
    found = [*DEVICES.glob("nvidia*"), *DEVICES.glob("nvidia-caps/*")]
    nodes = [path for path in found if stat.S_ISCHR(path.stat().st_mode)]
    numbers = {f"{os.major(each.stat().st_rdev)}:{os.minor(each.stat().st_rdev)}": each for each in nodes}
    return {
        number: f"../{path.relative_to(DEVICES)}"
        for number, path in numbers.items()
        if not (DEVICES / "char" / number).is_symlink()
    }


def units(asked: Asked) -> dict[str, str]:
    """Unit -> how it is, where it does not run or does not start at boot."""
    if not (every := [*asked.units, *asked.stopped]):
        return {}
    names = [f"{name}.service" for name in every]
    show = ["systemctl", "show", "--property=Id,ActiveState,UnitFileState,NeedDaemonReload", *names]
    done = subprocess.run(show, check=True, capture_output=True, text=True, timeout=TIMEOUT_S).stdout
    told = [
        dict(line.partition("=")[::2] for line in block.splitlines()) for block in done.strip().split("\n\n")
    ]
    found = {}
    for name, unit in zip(every, told, strict=True):
        good = BAD if name in asked.stopped else GOOD
        odd = [f"{key} {value}" for key, value in unit.items() if key != "Id" and value not in good[key]]
        if name == BOOT:  # it runs at boot; now it is this program
            odd = [each for each in odd if each != "ActiveState inactive"]
        if odd:
            found[name] = ", ".join(odd)
    return found


def systemctl(*arguments: str) -> None:
    """Do it.

    Raises:
        SettingsError: it fails.
    """
    done = subprocess.run(["systemctl", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SettingsError(f"systemctl {' '.join(arguments)}: {' '.join(done.stderr.split())}")


SETTERS = {
    "persistence": set_persistence, "power_limit": set_power_limit, "clocks": set_clocks, "mig": set_mig,
}  # fmt: skip


def check(asked: Asked) -> list[str]:
    """What differs.

    Raises:
        SettingsError: it cannot be set so.
    """
    there = gpus()
    for gpu in there:
        refuse(asked, gpu)
    said = [f"unit {name}: {how}" for name, how in units(asked).items()]
    said += [line for gpu in there for _, line in differences(asked, gpu)]
    if not any(" MIG " in line for line in said) and linked() != links(asked):
        said.append(f"{LINKS}: links do not lead to the instances")
    return said + [
        f"/dev/char/{number}: does not lead to {path[3:]}" for number, path in characters().items()
    ]


def apply(asked: Asked) -> list[str]:
    """Set what differs; what did.

    Raises:
        SettingsError: it cannot be set so.
    """
    said = check(asked)
    if odd := units(asked):
        systemctl("daemon-reload")
        for name, how in odd.items():
            if name == BOOT and "failed" in how:
                systemctl("reset-failed", name)
            verb = "disable" if name in asked.stopped else "enable"
            systemctl(verb, "--quiet", *(["--now"] if name != BOOT else []), name)
    for gpu in gpus():
        for part, _ in differences(asked, gpu):
            SETTERS[part](asked, gpu)
    link(links(asked))
    for number, path in characters().items():
        (DEVICES / "char").mkdir(exist_ok=True)
        (DEVICES / "char" / number).symlink_to(path)
    if left := check(asked):
        raise SettingsError(f"{left[0]}: although it was set")
    return said


def write(file: Path, told: object) -> None:
    """Whole or not at all."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(told, sort_keys=True) + "\n")
    new.replace(file)


def kept() -> Asked | None:
    """What was written down."""
    try:
        return Asked(**json.loads(KEPT.read_text()))
    except FileNotFoundError:
        return None


def do(verb: str, *, from_kept: bool) -> list[str]:
    """One command; the lines that it says.

    Raises:
        SettingsError: it cannot be done.
    """
    before = kept()
    if verb == "undo":
        said = apply(Asked(persistence=False)) if before else []
        KEPT.unlink(missing_ok=True)
        return said
    if from_kept and before is None:
        raise SettingsError(f"{KEPT}: is not there: nothing was asked yet; run site.yml")
    asked = (
        Asked(**(before.plain | {"units": [], "stopped": []}))
        if from_kept and before
        else Asked(**json.load(sys.stdin))
    )
    said = check(asked) if verb == "check" else apply(asked)
    if not from_kept and before != asked and (before is None or before.plain != asked.plain):
        said = [*said, f"{KEPT}: does not say so yet"]
        if verb == "apply":
            write(KEPT, asked.plain)
    return said


def main() -> int:
    """Parse, and do it alone: the health check never sees half of a change."""
    parser = argparse.ArgumentParser(prog="gpu-settings", description=__doc__, allow_abbrev=False)
    parser.add_argument("verb", choices=["check", "apply", "undo"])
    parser.add_argument("--kept", action="store_true")
    args = parser.parse_args()
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH if args.verb == "check" else fcntl.LOCK_EX)
        try:
            said = do(args.verb, from_kept=args.kept)
        except SettingsError as error:
            print(error, file=sys.stderr)
            return 2
    print("".join(f"{line}\n" for line in said), end="")
    return 1 if said and args.verb == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
