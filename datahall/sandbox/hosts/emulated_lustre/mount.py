"""``mount.lustre SPEC FOLDER [-o OPTIONS]``: EMULATED, binds a folder of this host, where the MGS answers."""

import argparse
import re
import subprocess
import sys

from .nids import ROOT, LustreError, complain, load, ping

STORE = ROOT / "var/lib/emulated-lustre"
_SPEC = re.compile(r"(?P<nodes>\S+):/(?P<name>[A-Za-z0-9_-]{1,8})")
_OPTIONS = frozenset(
    {"rw", "ro", "_netdev", "flock", "localflock", "noflock", "lazystatfs", "nolazystatfs", "user_xattr"}
    | {"nouser_xattr", "nosuid", "suid", "nodev", "dev", "noatime", "relatime", "noexec", "exec", "nofail"}
)
_BIND = ("ro", "nosuid", "nodev", "noatime", "relatime", "noexec")


def main() -> int:
    """Mount it, or say why not."""
    given = argparse.ArgumentParser(prog="mount.lustre")
    given.add_argument("spec")
    given.add_argument("folder")
    given.add_argument("-o", dest="options", default="")
    asked = given.parse_args()
    try:
        _mount(asked.spec, asked.folder, [each for each in asked.options.split(",") if each])
    except LustreError as failed:
        return complain(f"mount.lustre: mount {asked.spec} at {asked.folder} failed", failed)
    print(
        f"mount.lustre: {asked.folder}: EMULATED, a folder of this host, shared with nobody", file=sys.stderr
    )
    return 0


def _mount(spec: str, folder: str, options: list[str]) -> None:
    if not (found := _SPEC.fullmatch(spec)):
        raise LustreError(22, "Invalid argument: write NID[,NID][:NID]:/NAME")
    if unknown := sorted(set(options) - _OPTIONS):
        raise LustreError(22, f"Invalid argument: {', '.join(unknown)}")
    load()
    _reach([nid for node in found["nodes"].split(":") for nid in node.split(",")])
    store = STORE / found["name"]
    store.mkdir(parents=True, exist_ok=True)
    store.chmod(0o1777)  # as the file system's own root is for the tests of it: whoever comes may write
    # -i: no helper, or it would be this one
    subprocess.run(["mount", "-i", "--bind", str(store), folder], check=True)
    flags = ",".join(["remount", "bind", *(each for each in options if each in _BIND)])
    subprocess.run(["mount", "-i", "-o", flags, folder], check=True)


def _reach(nids: list[str]) -> None:
    """One of the MGS's NIDs answers."""
    failed = LustreError(5, "no MGS")
    for nid in nids:
        try:
            return ping(nid)
        except LustreError as why:
            failed = why
    raise LustreError(failed.code, f"{failed}. Is the MGS running?")


if __name__ == "__main__":
    sys.exit(main())
