"""Links to devices: MIG instances by names that stay, and every device by its number."""

import os
import re
import stat
from collections.abc import Mapping

from .asked import ROOT, Asked, SettingsError
from .gpus import smi

DEVICES = ROOT / "dev"
LINKS = DEVICES / "gpu-mig"
# the driver's table of capabilities, or what stands in for it
MINORS = (ROOT / "proc/driver/nvidia-caps/mig-minors", ROOT / "run/emulated-gpu/mig-minors")
_INSTANCE = re.compile(r"^\|\s*(\d+)\s+MIG (\S+)\s+\d+\s+(\d+)\s+\d+:\d+\s*\|", re.MULTILINE)


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
