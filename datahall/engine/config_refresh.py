"""A stack's configuration file as the last operation had it: made of its record in the history."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from datahall.engine.backend import StackFiles
from datahall.engine.checkpoint import read_checkpoint, salt_of_copy
from datahall.engine.config import ciphertexts
from datahall.engine.config_edit import write_stack_file
from datahall.engine.errors import InvalidProject, StoreFailed
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.stack_admin import require_stack


def refresh_config(project: Project, stack: str, options: Options, *, force: bool = False) -> Path | None:
    """Write the file anew, with the key's salt; returns where the one before is kept, unless `force`.

    Raises InvalidProject where nothing was done to the stack yet, or its secrets had another key then.
    """
    files = require_stack(project, stack, options)
    records = files.history()
    if not records:
        raise InvalidProject(f"config: nothing was done to stack {stack} yet; run up first")
    config: dict[str, Any] = records[0].get("config") or {}
    salt = read_checkpoint(files).salt_state
    if any(ciphertexts(config)) and _salt_then(files) != salt:
        raise InvalidProject(
            f"config: the secrets of the last operation on {stack} have a key that the stack does not have "
            "any more; set them with config set --secret"
        )
    data = {
        **({"encryptionsalt": salt} if salt else {}),
        **({"config": dict(sorted(config.items()))} if config else {}),
    }
    file = project.config_file(stack)
    kept = None if force or not file.exists() else _keep(file)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10**6)
    write_stack_file(project, stack, text if data else "")
    return kept


def _salt_then(files: StackFiles) -> str | None:
    """The salt of the key that the last operation left the state with, if its copy is there and good."""
    copy = files.newest_copy()
    raw = None if copy is None else files.store.read(copy)
    return None if copy is None or raw is None else salt_of_copy(files.store.where(copy), raw)


def _keep(file: Path) -> Path:
    """Another name for the file as it is: `.bak`, as often as such are there."""
    name = file.name
    while True:
        name += ".bak"
        try:
            os.link(file, file.with_name(name))
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreFailed(f"config: {file}: cannot be kept as {name} ({error.strerror})") from None
        return file.with_name(name)
