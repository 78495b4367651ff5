"""Hashes by which data, runs and models are named: the same content has the same name anywhere."""

import hashlib
import json
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable

SHORT = 12
"""Hex digits in a version: 48 bits, as a short git hash."""


def sha256(content: bytes) -> str:
    """The SHA-256 of `content` in hex."""
    return hashlib.sha256(content).hexdigest()


def canonical(value: object) -> bytes:
    """`value` as JSON with sorted keys and no spaces, so that equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def short_hash(value: object) -> str:
    """A version for `value`: the first 12 hex digits of the SHA-256 of its canonical JSON."""
    return sha256(canonical(value))[:SHORT]


def code_version(packages: Iterable[str]) -> str:
    """A version for the Python sources of `packages` (those directly in them)."""
    sources = {
        f"{package}/{file.name}": sha256(file.read_bytes())
        for package in packages
        for file in sorted(_python_files(package), key=lambda f: f.name)
    }
    return short_hash(sources)


def _python_files(package: str) -> list[Traversable]:
    return [file for file in resources.files(package).iterdir() if file.name.endswith(".py")]
