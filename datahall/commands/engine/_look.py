"""How an operation looks, and whether it may ask."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from datahall.errors import UserError

if TYPE_CHECKING:
    from datahall.output import Output


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Look:
    """The official CLI's flags for it."""

    color: Annotated[
        Literal["auto", "always", "never", "raw"], Parameter(help="Colours; auto: on a terminal.")
    ] = "auto"
    non_interactive: Annotated[
        bool, Parameter(negative=(), help="Never ask, show no live progress; what would ask needs --yes.")
    ] = False

    def output(self, *, as_json: bool) -> "Output":
        """Where the operation is shown.

        Raises:
            UserError: colours in a form that there is not.
        """
        from datahall.output import Output

        if self.color == "raw":
            fix = "give always, never or auto"
            raise UserError("--color", self.color, "the official engine's marks are not made here", fix)
        return Output(as_json=as_json, color=self.color, live=not self.non_interactive)


DEFAULT = Look()
