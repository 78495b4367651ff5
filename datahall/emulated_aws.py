"""What goes wrong with an emulated AWS, in the CLI's own terms."""

from collections.abc import Iterator
from contextlib import contextmanager

from datahall.errors import UserError
from datahall.sandbox.aws.control import SandboxError


@contextmanager
def told() -> Iterator[None]:
    """Around whatever is done with one.

    Raises:
        UserError: it cannot be started, or an argument does not fit.
    """
    try:
        yield
    except SandboxError as error:
        raise UserError(error.field, str(error.value), error.rule, error.fix) from None
