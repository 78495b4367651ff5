"""What every verb works on: a project, its backend, and one stack."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from datahall.errors import UserError

if TYPE_CHECKING:
    from datahall import engine

Folder = Annotated[Path, Parameter(name=["--cwd", "-C"], help="The folder that holds Pulumi.yaml.")]
Stack = Annotated[
    str | None,
    Parameter(
        name=["--stack", "-s"], help="The stack (default: PULUMI_STACK, or the only one).", show_default=False
    ),
]
_VARIABLE = "PULUMI_STACK"
Plugins = Annotated[
    tuple[Path, ...],
    Parameter(help="A folder with executables pulumi-resource-NAME; may be given more than once."),
]
Packs = Annotated[
    tuple[Path, ...],
    Parameter(name="--policy-pack", help="A folder with a policy pack; may be given more than once."),
]
ShowSecrets = Annotated[bool, Parameter(help="Show secrets in the clear.")]


@dataclass(frozen=True)
class Target:
    """A project, one of its stacks, and how the engine is asked."""

    project: engine.Project
    stack: str
    options: engine.Options


def open_project(folder: Path) -> tuple[engine.Project, engine.Options]:
    """The project in a folder, and the backend of the environment.

    Raises:
        UserError: there is none, or the backend cannot be had.
    """
    from datahall import engine
    from datahall.embedded import call

    project = call(lambda: engine.load_project(folder))
    backend = call(lambda: engine.open_backend(os.environ, project))
    return project, engine.Options(backend=backend)


def open_stack(folder: Path, stack: str | None) -> Target:
    """A stack that exists; without a name, that of PULUMI_STACK, or the only one of the project.

    Raises:
        UserError: there is none of that name, or none or several without one.
    """
    from datahall import engine
    from datahall.embedded import call

    project, options = open_project(folder)
    variable = None if stack else os.environ.get(_VARIABLE)
    if variable:
        stack = own_stack(project, variable, field=_VARIABLE)
        names = engine.stack_names(project, options)
        if stack not in names:
            there = f"it has: {', '.join(names) or 'none'}"
            rule = f"no such stack in project {project.name}; {there}"
            raise UserError(_VARIABLE, variable, rule, "unset it, or give another by --stack")
    elif stack is not None:
        stack = own_stack(project, stack)
    if stack is None:
        names = engine.stack_names(project, options)
        if len(names) != 1:
            made = f"there are several: {', '.join(names)}" if names else "there is none yet"
            fix = "give one by --stack" if names else "make one: datahall engine stack init NAME"
            raise UserError("--stack", "missing", made, fix)
        stack = names[0]
    chosen = stack
    call(lambda: engine.require_stack(project, chosen, options))
    return Target(project, chosen, options)


def own_stack(project: engine.Project, given: str, *, field: str = "--stack") -> str:
    """The name of one of the project's stacks, also given as `organization/PROJECT/STACK`.

    Raises:
        UserError: it is of another project.
    """
    from datahall.embedded import call
    from datahall.engine.project import qualified

    named, stack = call(lambda: qualified(project, given))
    if named != project.name:
        raise UserError(field, given, f"the project here is {project.name}", "give that one's folder by -C")
    return stack


def folders(option: str, given: Sequence[Path]) -> tuple[Path, ...]:
    """Folders given on the command line, absolute.

    Raises:
        UserError: one is not there.
    """
    for folder in given:
        if not folder.is_dir():
            raise UserError(option, str(folder), "is not a folder", "give an existing one")
    return tuple(folder.resolve() for folder in given)


def confirm(question: str, *, yes: bool, asks: bool = True) -> None:
    """Ask before a change, on a terminal if it ``asks``; elsewhere ``yes`` must have been given.

    Raises:
        UserError: the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    check_terminal(asks=asks)
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise UserError("confirmation", "no", "the change was declined", "nothing was changed")


def check_terminal(*, asks: bool = True) -> None:
    """Raise UserError where nobody can be asked, or is to be."""
    if not asks:
        raise UserError("--yes", "missing", "--non-interactive asks nobody", "add --yes")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("--yes", "missing", "nobody can be asked without a terminal", "add --yes")


def set_values(target: Target, flag: str, given: Sequence[str], *, path: bool, secret: bool = False) -> None:
    """Set KEY=VALUE pairs in a stack's configuration file; each is looked at before the first is set.

    Raises:
        UserError: one is none.
    """
    from datahall.embedded import call
    from datahall.engine import config_edit

    pairs = [pair.partition("=") for pair in given]
    for key, separator, _ in pairs:
        if not separator:
            raise UserError(flag, key, "is no KEY=VALUE", f"write it like {key}=VALUE")
        call(lambda key=key: config_edit.check_key(target.project, key, path=path))  # type: ignore[misc]
    for key, _, value in pairs:
        config_edit.set_config(
            target.project, target.stack, target.options, key, value, path=path, secret=secret
        )


def remove(target: Target, *, force: bool = False, preserve_config: bool = False) -> None:
    """Remove a stack, and its configuration file.

    Raises:
        UserError: it has resources still.
    """
    from datahall import engine
    from datahall.embedded import call

    call(lambda: engine.remove_stack(target.project, target.stack, target.options, force=force))
    if not preserve_config:
        target.project.config_file(target.stack).unlink(missing_ok=True)
