"""What a client of the edge needs, and what the hosts are given: files in the hosts' folder, their owner's.

The token and the registry's keys go from here into files on the hosts; no command line, log or variable has
them.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from datahall.processes import write_atomically

_SECRET: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def token(hosts: Path) -> Path:
    """The file with the token; made once."""
    file = hosts / "model-token"
    if not file.exists():
        write_atomically(file, f"{secrets.token_hex(32)}\n")
    return file


def header(hosts: Path) -> Path:
    """The same as a header, in the form that ``curl -H @FILE`` reads."""
    file = hosts / "model-header"
    write_atomically(file, f"Authorization: Bearer {token(hosts).read_text()}")
    return file


def keys(hosts: Path, variables: Mapping[str, str]) -> Path:
    """The keys of the registry's storage, as variables a line."""
    file = hosts / "model-secrets"
    write_atomically(file, "".join(f"{name}={variables[name]}\n" for name in _SECRET))
    return file


def certificate(hosts: Path) -> Path:
    """Where the edge's certificate is kept, by which its clients know it."""
    return hosts / "edge.pem"
