"""The options that commands share."""

from typing import Annotated

from cyclopts import Parameter

from datahall.environments import EngineName
from datahall.errors import UserError

Env = Annotated[str, Parameter(help="The environment: local or metal (sandboxed), dev or prod.")]
EnvFlag = Annotated[
    str, Parameter(name=["--env"], help="The environment: local or metal (sandboxed), dev or prod.")
]
Engine = Annotated[
    EngineName | None,
    Parameter(help="The engine to run: embedded, or the official pulumi on PATH.", show_default=False),
]
Json = Annotated[bool, Parameter(name=["--json", "-j"], help="Print the result as JSON; progress on stderr.")]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], help="Do not ask. Sandboxed environments never do.")]
Diff = Annotated[bool, Parameter(help="Show each changed property.")]
Parallel = Annotated[int, Parameter(name=["--parallel", "-p"], help="How many resources to work on at once.")]
ExpectNoChanges = Annotated[bool, Parameter(help="Fail, changing nothing, if anything would change.")]
Workers = Annotated[
    int | None,
    Parameter(help="How many emulated workers (metal; default: as there are, else 2).", show_default=False),
]
Port = Annotated[
    int | None,
    Parameter(
        help="The port of the model's service, on 127.0.0.1 (default: 5000, or the next no other model has).",
        show_default=False,
    ),
]


def check_parallel(parallel: int) -> int:
    """The number of operations at once.

    Raises:
        UserError: it is out of range.
    """
    if not 1 <= parallel <= 256:
        raise UserError("--parallel", str(parallel), "must be from 1 to 256", "leave it out for 16")
    return parallel
