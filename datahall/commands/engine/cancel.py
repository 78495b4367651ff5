"""``datahall engine cancel``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands.engine import _target as targets
from datahall.commands.engine.up import Yes


def cancel(
    name: Annotated[str | None, Parameter(help="The stack.", show_default=False)] = None,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
) -> int:
    """Take away a stack's locks, whoever holds them; a process that still runs is not ended."""
    from datahall import engine
    from datahall.embedded import call

    target = targets.open_stack(cwd, name or stack)
    targets.confirm(f"Take away the locks of {target.stack}?", yes=yes)
    owners = call(lambda: engine.cancel_stack(target.project, target.stack, target.options))
    for owner in owners:
        print(f"took away the lock {owner}")
    if not owners:
        print(f"{target.stack} is not locked")
    return 0
