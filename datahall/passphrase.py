"""The passphrase that encrypts a stack's secrets: the user's, or one generated for sandboxed environments."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from datahall.environments import Environment
from datahall.errors import UserError
from datahall.paths import Home

VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"


def variables(home: Home, environment: Environment, *, state_exists: bool) -> Mapping[str, str]:
    """The variables that hand the passphrase to an engine: by file, never by value of ours.

    Raises:
        UserError: the file named by the user is not there, or the generated one was lost.
    """
    if VARIABLE in os.environ:
        return {}
    named = os.environ.get(FILE_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise UserError(
                FILE_VARIABLE, named, "is not a file", f"name the passphrase's file, or set {VARIABLE}"
            )
        return {}
    if not environment.sandboxed:
        return {}
    if not home.passphrase.exists():
        if state_exists:
            raise UserError(
                "passphrase",
                str(home.passphrase),
                f"is gone, and the secrets of stack {environment.name} are encrypted with it",
                f"put the file back, or set {VARIABLE} to what was in it",
            )
        generate(home.passphrase)
    if not home.passphrase.read_text().strip():
        raise UserError(
            "passphrase",
            str(home.passphrase),
            "is empty",
            f"put it back, or set {VARIABLE} to what was in it",
        )
    return {FILE_VARIABLE: str(home.passphrase)}


def generate(path: Path) -> None:
    """Write a random passphrase that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(secrets.token_urlsafe(32) + "\n")
