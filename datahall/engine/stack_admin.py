"""Stacks as a whole: listed, made, exported, and what was done to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datahall.engine import config as configs
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import read_checkpoint, render
from datahall.engine.config_edit import write_stack_file
from datahall.engine.errors import InvalidProject
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import passphrase, stack_files
from datahall.engine.values import SECRET_SIGNATURE, SIGNATURE, Json


@dataclass(frozen=True)
class StackSummary:
    """One line of a list of stacks; `last_update` is RFC 3339."""

    name: str
    last_update: str
    resources: int


def stack_names(project: Project, options: Options) -> list[str]:
    """The names of the project's stacks, in order."""
    backend = Backend.of(options.backend)
    backend.check()
    return backend.stacks(project.name)


def list_stacks(project: Project, options: Options) -> list[StackSummary]:
    """The project's stacks. Raises BrokenState for one that cannot be read."""
    found = []
    for name in stack_names(project, options):
        checkpoint = read_checkpoint(stack_files(project, name, options))
        resources = checkpoint.latest.get("resources") or []
        found.append(StackSummary(name, checkpoint.last_update, len(resources)))
    return found


def require_stack(project: Project, stack: str, options: Options) -> StackFiles:
    """The files of a stack that exists. Raises InvalidProject."""
    files = stack_files(project, stack, options)
    if not read_checkpoint(files).exists:
        raise InvalidProject(
            f"stack: {stack}: no such stack in project {project.name}; "
            f"it has: {', '.join(stack_names(project, options)) or 'none'}"
        )
    return files


def init_stack(project: Project, stack: str, options: Options) -> None:
    """Make an empty stack, and put its `encryptionsalt` into its configuration file.

    Raises InvalidProject if there is one, MissingPassphrase if the file has another's salt.
    """
    files = stack_files(project, stack, options)
    file = project.config_file(stack)
    given = configs.read_stack_file(project, stack).salt_state
    crypter = Crypter(passphrase(options), given)
    files.backend.prepare()
    with locked(files, lambda _: None):
        if files.state.exists():
            raise InvalidProject(f"stack: {stack}: exists already in project {project.name}; name another")
        salt = crypter.salt_state
        if given is None:
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            line_end = "\n" if before and not before.endswith("\n") else ""
            write_stack_file(project, stack, f"{before}{line_end}encryptionsalt: {salt}\n")
        content = render(
            stack=stack,
            project=project.name,
            salt_state=salt,
            resources=(),
            pending=(),
            features=(),
            plugins=(),
        )
        files.state.write(content)


def export_stack(
    project: Project, stack: str, options: Options, *, show_secrets: bool = False
) -> dict[str, Any]:
    """The stack's deployment as data: `version` and `deployment`. Secrets stay encrypted unless shown."""
    checkpoint = read_checkpoint(require_stack(project, stack, options))
    features = {"features": checkpoint.features} if checkpoint.features else {}
    latest = checkpoint.latest
    if show_secrets:
        latest = _revealed(latest, Crypter(passphrase(options), checkpoint.salt_state))
    return {"version": checkpoint.version, **features, "deployment": latest}


def stack_history(project: Project, stack: str, options: Options) -> list[dict[str, Any]]:
    """Records of the stack's operations, the newest first; secrets of the configuration are encrypted."""
    return require_stack(project, stack, options).history()


def cancel_stack(project: Project, stack: str, options: Options) -> list[str]:
    """Take away all locks of a stack, whoever holds them; returns the names of their files."""
    files = require_stack(project, stack, options)
    with files.store.exclusive(files.locks):  # no write of theirs is under way, nor comes later
        found = [name for name in files.store.names(files.locks) if name.endswith(".json")]
        for name in found:
            files.store.delete(f"{files.locks}/{name}")
    return found


def _revealed(data: Json, crypter: Crypter) -> Json:
    if isinstance(data, list):
        return [_revealed(item, crypter) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get(SIGNATURE) == SECRET_SIGNATURE and "ciphertext" in data:
        return {SIGNATURE: SECRET_SIGNATURE, "plaintext": crypter.decrypt(data["ciphertext"])}
    return {key: _revealed(item, crypter) for key, item in data.items()}
