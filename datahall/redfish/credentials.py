"""A controller's account: from a file that only its owner may read, or the environment; never from argv."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from datahall.redfish.errors import RedfishUsageError

USERNAME: Final = "REDFISH_USERNAME"
PASSWORD: Final = "REDFISH_PASSWORD"  # noqa: S105 - a variable's name
_FORM: Final = 'write {"username": "...", "password": "..."}'


@dataclass(frozen=True)
class Credentials:
    """An account; the password is not shown."""

    username: str
    password: str = field(repr=False)


def read_credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials:
    """The account in a JSON file, or without one in REDFISH_USERNAME and REDFISH_PASSWORD.

    Raises RedfishUsageError.
    """
    if file is None:
        for name in (USERNAME, PASSWORD):
            if not environment.get(name):
                raise RedfishUsageError(name, "(missing)", "no account given", "set it, or use --credentials")
        return Credentials(environment[USERNAME], environment[PASSWORD])
    try:
        mode, text = file.stat().st_mode, file.read_text()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise RedfishUsageError("--credentials", str(file), reason, "give a file that is there") from None
    if mode & 0o077:
        raise RedfishUsageError("--credentials", str(file), "others than its owner may read it", "chmod 600")
    try:
        found = json.loads(text)
        return Credentials(str(found["username"]), str(found["password"]))
    except (ValueError, KeyError, TypeError):
        raise RedfishUsageError("--credentials", str(file), "is of another form", _FORM) from None
