"""A stack's configuration for another stack: secrets get the other one's key."""

from __future__ import annotations

from typing import Any

from datahall.engine import config as configs
from datahall.engine.checkpoint import read_checkpoint
from datahall.engine.config_edit import full_key, replace_values
from datahall.engine.errors import InvalidProject
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import passphrase, stack_files
from datahall.engine.values import Json


def copy_config(project: Project, source: str, dest: str, options: Options, key: str | None) -> list[str]:
    """Copy a key, or all, to another stack's file, over what is there; returns the keys.

    Raises InvalidProject for a key that is not set, MissingPassphrase for secrets that cannot be opened.
    """
    if source == dest:
        raise InvalidProject(f"--dest: {dest}: is the source; name another stack")
    file = configs.read_stack_file(project, source)
    known = {full_key(project, name): value for name, value in file.config.items()}
    wanted = known if key is None else {full_key(project, key): known.get(full_key(project, key))}
    if None in wanted.values():
        raise InvalidProject(f"config: {key}: not set in {project.config_file(source)}; set it first")
    copied: dict[str, Json] = wanted
    if any(configs.reveal(value, lambda _: "")[1] for value in wanted.values()):
        mine, theirs = _crypter(project, source, options), _crypter(project, dest, options)
        copied = {name: _resealed(value, mine, theirs) for name, value in wanted.items()}
    replace_values(project, dest, copied)
    return sorted(copied)


def _crypter(project: Project, stack: str, options: Options) -> Crypter:
    checkpoint = read_checkpoint(stack_files(project, stack, options))
    salt = configs.read_stack_file(project, stack).salt_state or checkpoint.salt_state
    if salt is None:
        raise InvalidProject(f"stack: {stack}: it has no key for secrets yet; run up in it first")
    return Crypter(passphrase(options), salt)


def _resealed(value: Any, mine: Crypter, theirs: Crypter) -> Json:  # noqa: ANN401 - a YAML value
    if isinstance(value, list):
        return [_resealed(item, mine, theirs) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"secure"} and isinstance(value["secure"], str):
        return {"secure": theirs.encrypt(mine.decrypt(value["secure"]))}
    return {name: _resealed(item, mine, theirs) for name, item in value.items()}
