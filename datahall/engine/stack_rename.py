"""A stack gets another name: its record, its history and its configuration file.

The record under the new name is written first, and the old one goes last. A rename that is killed leaves
both; the same rename again goes on where it stopped.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from datahall.engine import links
from datahall.engine import urn as urns
from datahall.engine.checkpoint import Checkpoint, read_checkpoint, render
from datahall.engine.errors import InvalidProject
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.stack_admin import require_stack
from datahall.engine.stack_options import stack_files
from datahall.engine.state import compact

Recorded = dict[str, Any]


def rename_stack(project: Project, stack: str, name: str, options: Options) -> None:
    """Rename a stack of a project. Raises InvalidProject for a name that is taken or impossible."""
    old, new = require_stack(project, stack, options), stack_files(project, name, options)
    if stack == name:
        raise InvalidProject(f"stack: {name}: is its name already; give another")
    with ExitStack() as held:
        for files in sorted((old, new), key=lambda files: files.stack):
            held.enter_context(locked(files, lambda _: None))
        before, there = read_checkpoint(old), read_checkpoint(new)
        renamed = [_renamed(data, project.name, stack, name) for data in before.resources]
        if there.exists and compact(there.resources) != compact(renamed):
            raise InvalidProject(f"stack: {name}: exists already in project {project.name}; name another")
        file, target = project.config_file(stack), project.config_file(name)
        if target.exists() and file.exists():
            raise InvalidProject(f"stack: {name}: {target} is there already; take it away, or name another")
        if not there.exists:
            new.state.write(_content(before, renamed, project.name, stack, name))
        old.copy_history(new)
        if file.exists():
            file.replace(target)
        old.remove()


def _content(before: Checkpoint, renamed: list[Recorded], project: str, stack: str, name: str) -> bytes:
    if before.salt_state is None:
        raise InvalidProject(f"stack: {stack}: it has no key for secrets yet; run up in it first")
    pending = [
        {**operation, "resource": _renamed(operation["resource"], project, stack, name)}
        for operation in before.pending
    ]
    return render(
        stack=name,
        project=project,
        salt_state=before.salt_state,
        resources=[compact(data) for data in renamed],
        pending=[compact(operation) for operation in pending],
        features=before.features,
        plugins=(before.latest.get("manifest") or {}).get("plugins") or (),
    )


def _renamed(data: Recorded, project: str, stack: str, name: str) -> Recorded:
    """A record of the other stack; the stack's own resource is called after it."""
    own = urns.root(stack, project)

    def swap(urn: str) -> str:
        parts = urns.parse(urn)
        if (parts.stack, parts.project) != (stack, project):
            return urn
        return urns.root(name, project) if urn == own else str(parts._replace(stack=name))

    return {**links.redirected_record(data, swap), "urn": swap(data["urn"])}
