"""How this host's GPUs are to be set, compared with how they are; installed as /usr/local/sbin/gpu-settings.

``check`` says what differs, a line each, and changes nothing; ``apply`` sets what differs, and that alone,
and writes down what was asked. What is asked is JSON on stdin, with ``--kept`` what was written down last:
then units are left alone (at boot, and in the health check). ``undo`` gives the GPUs back as they come.

Exit codes: 0 as asked, 1 ``check`` found differences, 2 it cannot be: field, value, rule, fix.
"""

import argparse
import fcntl
import json
import sys

from .asked import KEPT, ROOT, Asked, SettingsError, kept, write
from .devices import DEVICES, LINKS, characters, link, linked, links
from .gpus import differences, gpus, refuse, set_clocks, set_persistence, set_power_limit
from .mig import set_mig
from .units import BOOT, systemctl, units

LOCK = ROOT / "run/gpu-settings.lock"
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
