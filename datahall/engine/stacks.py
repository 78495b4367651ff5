"""Looking at a stack, and removing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datahall.engine import urn
from datahall.engine.checkpoint import read_checkpoint
from datahall.engine.errors import InvalidProject
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import passphrase, stack_files
from datahall.engine.state import ResourceState, decode_state
from datahall.engine.targets import Targets
from datahall.engine.values import masked, without_secrets


@dataclass(frozen=True)
class StackState:
    """A stack as recorded. `outputs` are plain data; property values may hold secrets, masked or not.

    `last_update` is RFC 3339, or empty.
    """

    outputs: dict[str, Any]
    resources: list[ResourceState]
    last_update: str


def read_stack(
    project: Project, stack: str, options: Options, *, show_secrets: bool = False
) -> StackState | None:
    """The stack as recorded, None if there is none.

    Secrets are `[secret]` and no passphrase is needed, unless `show_secrets`. Raises BrokenState.
    """
    checkpoint = read_checkpoint(stack_files(project, stack, options))
    if not checkpoint.exists:
        return None
    decrypt = Crypter(passphrase(options), checkpoint.salt_state).decrypt if show_secrets else None
    resources = [decode_state(data, decrypt) for data in checkpoint.resources]
    root = next((state for state in resources if state.urn == urn.root(stack, project.name)), None)
    outputs = root.outputs if root else {}
    told = without_secrets(outputs) if show_secrets else masked(outputs)
    return StackState(told, resources, checkpoint.last_update)


def deletions(project: Project, stack: str, options: Options) -> list[ResourceState]:
    """What destroy would delete, the last first. Raises EngineError, InvalidTarget too."""
    state = read_stack(project, stack, options)
    recorded = state.resources if state else []
    kept = [s.urn for s in recorded if s.protect] if options.exclude_protected else []
    chosen, forbidden = Targets(options, kept).deletions(recorded, recorded)
    if forbidden is not None:
        raise forbidden
    return chosen[::-1]


def remove_stack(project: Project, stack: str, options: Options, *, force: bool = False) -> None:
    """Remove an empty stack, with `force` any. Raises InvalidProject while it has, or may have, resources."""
    files = stack_files(project, stack, options)
    with locked(files, lambda _: None):
        found = read_checkpoint(files)
        if found.pending and not force:
            names = ", ".join(operation["resource"]["urn"] for operation in found.pending)
            raise InvalidProject(
                f"stack: {stack}: {names}: an interrupted operation may have left it; destroy settles it"
            )
        if found.resources and not force:
            raise InvalidProject(
                f"stack: {stack}: it still has {len(found.resources)} resources; destroy it first"
            )
        files.remove()
