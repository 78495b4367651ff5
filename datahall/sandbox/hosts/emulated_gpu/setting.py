"""``-pm``, ``-pl``, ``-lgc``, ``-rgc`` and ``-mig``: what a GPU takes and what not. Exit codes are NVML's."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .gpus import Gpu, Settings, changing
from .mig import tell_minors

REFUSED, UNSUPPORTED, NO_PERMISSION, NOT_FOUND, IN_USE = 2, 3, 4, 6, 19


class Refusal(Exception):  # noqa: N818 - it is the GPU's, no error of the program
    """Why a GPU does not take it, and the exit code that says so."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def change(asked: Mapping[str, Any], chosen: Sequence[Gpu]) -> int | None:
    """Set what is asked for on each GPU, none of them where one refuses; None where nothing is asked for.

    Raises:
        PermissionError: not for this user.
    """
    for name, setting in _SETTINGS.items():
        if (value := asked[name]) is not None:
            try:
                new = {gpu.index: setting(gpu, value) for gpu in chosen}
            except Refusal as refusal:
                print(f"{refusal} (EMULATED)", file=sys.stderr)
                return refusal.code
            with changing() as told:
                told.update({index: settings for index, (settings, _) in new.items()})
                tell_minors(told)
            for _, said in new.values():
                print(f"{said} (EMULATED)")
            print("All done.")
            return 0
    return None


def forget(indices: Sequence[int]) -> None:
    """What a reset forgets."""
    with changing() as told:
        for index in indices:
            if index in told:
                told[index] = replace(told[index], power_limit=None, clocks=None, instances=())
        tell_minors(told)


def _persistence(gpu: Gpu, value: str) -> tuple[Settings, str]:
    on = value == "1"
    # without it the driver lets go of a GPU that nobody uses, and forgets how it was set
    kept = gpu.settings if on else replace(gpu.settings, power_limit=None, clocks=None)
    return replace(
        kept, persistence=on
    ), f"{'Enabled' if on else 'Disabled'} persistence mode for GPU {gpu.bus_id}."


def _power(gpu: Gpu, value: str) -> tuple[Settings, str]:
    low, high = gpu.model.power_min, gpu.model.power_max
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) or not low <= float(value) <= high:
        raise Refusal(
            REFUSED,
            f"Provided power limit {value} W is not a valid power limit which should be between "
            f"{low:.2f} W and {high:.2f} W for GPU {gpu.bus_id}",
        )
    said = f"Power limit for GPU {gpu.bus_id} was set to {float(value):.2f} W from {gpu.power_limit:.2f} W."
    return _kept(gpu, replace(gpu.settings, power_limit=float(value)), said)


def _lock(gpu: Gpu, value: str) -> tuple[Settings, str]:
    parts = value.split(",")
    if not all(part.isdigit() for part in parts) or len(parts) > 2 or int(parts[0]) > int(parts[-1]):
        raise Refusal(REFUSED, f"Invalid GPU clocks {value}: MIN,MAX in MHz")
    low, high = int(parts[0]), int(parts[-1])
    if not gpu.model.clock_idle <= low <= high <= gpu.model.clock_max:
        raise Refusal(REFUSED, f"GPU clocks {value} are not supported by GPU {gpu.bus_id}")
    said = f'GPU clocks set to "(gpuClkMin {low}, gpuClkMax {high})" for GPU {gpu.bus_id}'
    return _kept(gpu, replace(gpu.settings, clocks=(low, high)), said)


def _unlock(gpu: Gpu, _: bool) -> tuple[Settings, str]:
    return replace(gpu.settings, clocks=None), f"GPU clocks reset for GPU {gpu.bus_id}"


def _kept(gpu: Gpu, settings: Settings, said: str) -> tuple[Settings, str]:
    """It, where the driver stays with the GPU; else it is forgotten as soon as the command ends."""
    if gpu.settings.persistence or gpu.settings.busy:
        return settings, said
    return (
        gpu.settings,
        f"{said}\nWarning: persistence mode is disabled on GPU {gpu.bus_id}: it is forgotten again",
    )


def _mig(gpu: Gpu, value: str) -> tuple[Settings, str]:
    on, word = value == "1", "Enabled" if value == "1" else "Disabled"
    if not gpu.model.profiles:
        raise Refusal(UNSUPPORTED, f"Unable to set MIG Mode for GPU {gpu.bus_id}: Not Supported")
    if gpu.settings.mig is not on and (gpu.settings.busy or gpu.settings.instances):
        raise Refusal(IN_USE, f"Unable to set MIG Mode for GPU {gpu.bus_id}: In use by another client")
    return replace(gpu.settings, mig=on), f"{word} MIG Mode for GPU {gpu.bus_id}"


_SETTINGS: dict[str, Callable[[Gpu, Any], tuple[Settings, str]]] = {
    "persistence_mode": _persistence,
    "power_limit": _power,
    "lock_gpu_clocks": _lock,
    "reset_gpu_clocks": _unlock,
    "multi_instance_gpu": _mig,
}
