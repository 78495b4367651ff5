"""A new passphrase: asked for twice on a terminal, elsewhere the first line of stdin; never an argument."""

import getpass
import sys

from datahall.errors import UserError


def new_passphrase() -> str:
    """The passphrase, as the official CLI takes it.

    Raises:
        UserError: there is none, or the two that were typed differ.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise UserError("passphrase", "missing", "the new one is stdin's first line", "give it there")
        return line.strip()
    new = getpass.getpass("new passphrase: ")
    if getpass.getpass("the same again: ") != new:
        raise UserError(
            "passphrase", "given twice", "the two are not the same", "nothing was changed; try again"
        )
    return new
