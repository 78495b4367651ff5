"""The GPUs as they are, how they differ from what was asked, and what a setting of them is."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .asked import ROOT, TIMEOUT_S, Asked, SettingsError, write

STATE = ROOT / "run/gpu-settings.clocks"
FIELDS = (
    "index", "name", "uuid", "persistence_mode", "power.limit", "power.default_limit", "power.min_limit",
    "power.max_limit", "clocks.current.graphics", "mig.mode.current",
)  # fmt: skip
CLOCK_STEP = 15
_DEVICE = re.compile(r"^GPU (?P<gpu>\d+): |^\s+MIG (?P<profile>\S+)\s+Device", re.MULTILINE)


@dataclass(frozen=True)
class Gpu:
    """One GPU as it is."""

    told: Mapping[str, str]
    profiles: tuple[str, ...] = ()

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
