"""The emulated hosts of a home folder, and what goes wrong with them in the CLI's own terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datahall.errors import OperationError, UserError
from datahall.paths import Home
from datahall.sandbox.hosts import HostsFailedError, HostsUsageError

ROLES = Path(__file__).resolve().parents[1] / "playbooks" / "roles"
"""What the hosts' mirror is made for."""


def folder(home: Home) -> Path:
    """Where the emulated hosts are kept."""
    return home.root / "hosts"


@contextmanager
def told() -> Iterator[None]:
    """Around whatever is done with hosts.

    Raises:
        UserError: no such host, an argument or a machine that does not fit.
        OperationError: a host does not boot, something is left.
    """
    try:
        yield
    except HostsUsageError as error:
        raise UserError(error.field, error.value, error.rule, error.fix) from None
    except HostsFailedError as error:
        raise OperationError(str(error)) from None
