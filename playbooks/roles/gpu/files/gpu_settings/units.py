"""The services that are to run, and those that are not."""

import subprocess

from .asked import TIMEOUT_S, Asked, SettingsError

BOOT = "gpu-settings"
GOOD = {"ActiveState": {"active"}, "UnitFileState": {"enabled"}, "NeedDaemonReload": {"no"}}
BAD = {
    "ActiveState": {"inactive", "failed"},
    "UnitFileState": {"", "disabled", "masked", "static"},
    "NeedDaemonReload": {"no", "yes"},
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
