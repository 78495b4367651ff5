#!/usr/bin/python3
"""NVIDIA's runtime in containerd's configuration, all else of it untouched; installed as gpu-containerd.

A block of ours is appended to the file that is there. A drop-in would not do: what it says of containerd's
CRI plugin replaces all that the file says of it. And a file that names one runtime loses the one that it has
by default, so the block names that one, too. What the file will mean is asked of ``containerd config dump``
before it is written: what it meant before, and our runtime. containerd is restarted where what it would read
differs from what it has, and only then: running containers go on, but nothing is started meanwhile.

``check`` says what differs and changes nothing, ``apply`` does it, ``undo`` takes the block out; ``took`` is
what containerd's unit calls as it starts.
Exit codes: 0 as it should be, 1 ``check`` found differences, 2 it cannot be: field, value, rule, fix.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path("/etc/containerd/config.toml")
TAKEN = Path("/run/gpu-containerd.taken")
"""A digest of what containerd had in force as it started: it says so itself, by our line in its unit."""
UNIT = Path("/etc/systemd/system/containerd.service.d/gpu-containerd.conf")
SAY = "[Service]\nExecStartPost=-/usr/local/sbin/gpu-containerd took\n"
BEGIN, END = "# BEGIN NVIDIA runtime (site.yml)", "# END NVIDIA runtime (site.yml)"
_BLOCK = re.compile(rf"\n?{re.escape(BEGIN)}\n.*?{re.escape(END)}\n", re.DOTALL)
KIND, BINARY = "io.containerd.runc.v2", "/usr/bin/nvidia-container-runtime"
# the configuration's version -> the plugin that has the runtimes
PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}


class ContainerdError(Exception):
    """It cannot be; field, value, rule, fix."""


def dump(text: str) -> dict[str, Any]:
    """What containerd makes of a configuration, read beside the file: imports may be relative to it.

    Raises:
        ContainerdError: it refuses it.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".toml", dir=FILE.parent) as file:
        file.write(text)
        file.flush()
        command = ["containerd", "--config", file.name, "config", "dump"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise ContainerdError(f"{FILE}: {' '.join(done.stderr.split())}; correct it")
        told = tomllib.loads(done.stdout)
        told["imports"] = [each for each in told.get("imports", []) if each != file.name]
    return told


def runtimes(told: Mapping[str, Any], plugin: str) -> dict[str, Any]:
    """Name -> runtime, of a dump or of a file."""
    found: dict[str, Any] = told.get("plugins", {}).get(plugin, {}).get("containerd", {}).get("runtimes", {})
    return found


def wanted(text: str) -> str:
    """The file with our block, where it is not as it should be already.

    Raises:
        ContainerdError: somebody else's runtime of that name, or a form that is not known.
    """
    bare = without(text)
    try:
        own = tomllib.loads(bare)
    except tomllib.TOMLDecodeError as error:
        raise ContainerdError(f"{FILE}: {error}: is no TOML; correct it") from error
    version = own.get("version", 1)
    if version not in PLUGINS:
        raise ContainerdError(
            f"{FILE}: version: {version}: is neither 2 nor 3; write it in one of these forms"
        )
    plugin = PLUGINS[version]
    before = dump(bare)
    there = runtimes(before, plugin)
    if "nvidia" in there:
        if _is_nvidias(there["nvidia"]):
            return bare
        raise ContainerdError(
            f"{FILE}: runtimes.nvidia: {json.dumps(there['nvidia'])}: is somebody else's, and another; "
            "take it out, or set gpu_containers: false"
        )
    defaults = {name: told for name, told in there.items() if name not in runtimes(own, plugin)}
    # as the one that containers get by default (its cgroup driver, say), but for the program
    default = before["plugins"][plugin]["containerd"].get("default_runtime_name") or "runc"
    usual = there.get(default, {})
    nvidia = {**usual, "runtime_type": KIND, "options": {**usual.get("options", {}), "BinaryName": BINARY}}
    block = _block(plugin, {**defaults, "nvidia": nvidia})
    new = text if block in text else bare + ("" if bare.endswith("\n") else "\n") + block
    try:
        tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise ContainerdError(
            f"{FILE}: {error}: no table can be added; write its tables as [table]"
        ) from error
    after = dump(new)
    if not _is_nvidias(runtimes(after, plugin).pop("nvidia", {})) or after != before:
        raise ContainerdError(
            f"{FILE}: would mean more than NVIDIA's runtime besides; add runtimes.nvidia by hand"
        )
    return new


def without(text: str) -> str:
    """The file as it is without our block."""
    return _BLOCK.sub("", text)


def _is_nvidias(told: Mapping[str, Any]) -> bool:
    """Whether it is NVIDIA's runtime, whatever else is set of it."""
    return (told.get("runtime_type"), told.get("options", {}).get("BinaryName")) == (KIND, BINARY)


def _block(plugin: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [BEGIN]
    for name, table in tables.items():
        lines += _table(f'plugins."{plugin}".containerd.runtimes.{name}', table)
    return "\n".join(["", *lines, END, ""])


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    """A table as TOML; strings, numbers and booleans are written as JSON writes them."""
    lines = [f"[{name}]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _table(f"{name}.{key}", value)
    return lines


def stale(digest: str) -> bool:
    """Whether containerd has another configuration than what it would read now."""
    show = [
        "systemctl",
        "show",
        "--timestamp=unix",
        "--property=ActiveState,ActiveEnterTimestamp",
        "containerd",
    ]
    done = subprocess.run(show, check=True, capture_output=True, text=True, timeout=60)
    told = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    if told["ActiveState"] != "active" or not FILE.exists():
        return False  # it will read it as it starts
    if TAKEN.exists():
        return TAKEN.read_text() != digest
    # it has run since before it could say what it has
    return FILE.stat().st_mtime >= float(told["ActiveEnterTimestamp"].lstrip("@"))


def digest_of(told: Mapping[str, Any]) -> str:
    """Of what it means, and not of how it is written."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def do(verb: str) -> list[str]:
    """One command; what differed.

    Raises:
        ContainerdError: it cannot be done.
    """
    text = FILE.read_text() if FILE.exists() else "version = 2\n"
    if verb == "took":
        TAKEN.unlink(missing_ok=True)
        TAKEN.write_text(digest_of(dump(text)))
        return []
    new = without(text) if verb == "undo" else wanted(text)
    said = [] if new == text else [f"{FILE}: {'has' if verb == 'undo' else 'lacks'} NVIDIA's runtime"]
    digest = digest_of(dump(new))
    if stale(digest):
        said.append("containerd: has another configuration than the file")
    if (UNIT.read_text() if UNIT.exists() else "") != ("" if verb == "undo" else SAY):
        said.append(f"{UNIT}: is not as it should be")
    if verb != "check":
        change(verb, text, new, digest)
    return said


def change(verb: str, text: str, new: str, digest: str) -> None:
    """Write what differs, and restart containerd if it must read it."""
    if new != text:
        write(new)
    before, wished = UNIT.read_text() if UNIT.exists() else "", "" if verb == "undo" else SAY
    if before != wished:
        UNIT.unlink(missing_ok=True)
        if wished:
            UNIT.parent.mkdir(parents=True, exist_ok=True)
            UNIT.write_text(wished)
        subprocess.run(["systemctl", "daemon-reload"], check=True, timeout=300)
    if stale(digest):
        subprocess.run(["systemctl", "restart", "containerd"], check=True, timeout=300)
    if verb == "undo":
        TAKEN.unlink(missing_ok=True)
    elif not TAKEN.exists():
        TAKEN.write_text(digest)


def write(text: str) -> None:
    """Whole or not at all, with the mode and owners that it has."""
    new = FILE.with_suffix(".new")
    new.write_text(text)
    with contextlib.suppress(FileNotFoundError):
        there = FILE.stat()
        os.chown(new, there.st_uid, there.st_gid)
        new.chmod(there.st_mode & 0o7777)
    new.replace(FILE)


def main() -> int:
    """Parse and do."""
    parser = argparse.ArgumentParser(prog="gpu-containerd", description=__doc__, allow_abbrev=False)
    parser.add_argument("verb", choices=["check", "apply", "undo", "took"])
    try:
        said = do(verb := parser.parse_args().verb)
    except ContainerdError as error:
        print(error, file=sys.stderr)
        return 2
    print("".join(f"{line}\n" for line in said), end="")
    return 1 if said and verb == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
