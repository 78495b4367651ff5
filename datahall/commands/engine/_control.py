"""Flags that say what an operation may touch, and the message it leaves in the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.errors import UserError

_MANY = "; `*` and `**` are wildcards; may be given more than once."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Targets:
    """What an operation may touch."""

    target: Annotated[
        tuple[str, ...], Parameter(name=["--target", "-t"], help=f"Touch only this URN{_MANY}")
    ] = ()
    target_dependents: Annotated[bool, Parameter(negative=(), help="Touch what depends on a target too.")] = (
        False
    )
    exclude: Annotated[tuple[str, ...], Parameter(help=f"Leave this URN as it is{_MANY}")] = ()
    exclude_dependents: Annotated[
        bool, Parameter(negative=(), help="Leave what depends on it as it is too.")
    ] = False

    def check(self) -> None:
        """Raise UserError for flags that contradict each other."""
        if self.target and self.exclude:
            raise UserError("--exclude", self.exclude[0], "cannot be mixed with --target", "give one of them")


Replace = Annotated[tuple[str, ...], Parameter(help=f"Replace this URN, changed or not{_MANY}", negative=())]
TargetReplace = Annotated[
    tuple[str, ...], Parameter(help="The same as --target URN --replace URN.", negative=())
]
Message = Annotated[str, Parameter(name=["--message", "-m"], help="A message for the stack's history.")]
SuppressOutputs = Annotated[bool, Parameter(negative=(), help="Do not show the stack's outputs.")]
ShowSames = Annotated[bool, Parameter(negative=(), help="Show what stays as it is, too.")]
ShowReads = Annotated[bool, Parameter(negative=(), help="Show what is only read, too.")]
Skip = Annotated[bool, Parameter(name=["--skip-preview", "-f"], help="No preview before; needs --yes.")]
ContinueOnError = Annotated[
    bool, Parameter(negative=(), help="Go on with what does not depend on a failed resource.")
]
Timeout = Annotated[
    str | None,
    Parameter(
        name="--provider-timeout",
        help="How long a provider may take for a resource without customTimeouts, like 90s or 1h30m; "
        "0: without end (default: DATAHALL_PROVIDER_TIMEOUT, or 3h).",
        show_default=False,
    ),
]
Refresh = Annotated[
    bool,
    Parameter(name=["--refresh", "-r"], negative=(), help="Before, record what the providers say is there."),
]
Config = Annotated[
    tuple[str, ...],
    Parameter(
        name=["--config", "-c"], negative=(), help="KEY=VALUE, kept in the stack's file; may be repeated."
    ),
]
ConfigPath = Annotated[bool, Parameter(negative=(), help="Keys of --config are paths: root.nested[0].")]
SavePlan = Annotated[
    Path | None, Parameter(help="Write what an update would do to a file, for up --plan.", show_default=False)
]
Plan = Annotated[
    Path | None, Parameter(help="Do nothing but what the plan in this file says.", show_default=False)
]
ALL = Targets()


def with_replaced(targets: Targets, replaced: Sequence[str]) -> tuple[str, ...]:
    """The targets, with those that are to be replaced."""
    targets.check()
    return (*targets.target, *replaced)


def seconds(timeout: str | None) -> float | None:
    """What --provider-timeout says. Raises UserError for no duration."""
    from datahall.embedded import call
    from datahall.engine import limits

    return None if timeout is None else call(lambda: limits.timeout(limits.FLAG, timeout))


def check_skip(skip_preview: bool, *, yes: bool, preview_only: bool = False, how: str = "shown") -> None:
    """Raise UserError where --skip-preview would ask about what nobody saw; `how` it would be seen."""
    if skip_preview and (preview_only or not yes):
        fix = "leave one of them out" if preview_only else "add --yes"
        raise UserError("--skip-preview", "given", f"what is not {how} cannot be asked about", fix)
