"""The emulated hosts of a home folder, and what goes wrong with them in the CLI's own terms."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datahall.context import Context
from datahall.errors import OperationError, UserError
from datahall.paths import Home
from datahall.sandbox.hosts import Host, HostsFailedError, HostsUsageError, Role, api, mirror, needs
from datahall.sandbox.hosts.model import WORKERS

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


def environment(home: Home) -> str:
    """The environment whose storage the hosts use: metal where it is up, else local."""
    return "metal" if home.site("metal").is_file() else "local"


def workers(home: Home, wanted: int | None) -> int:
    """How many workers there will be: as many as wanted, else as there are, else two."""
    if wanted is not None:
        return wanted
    with told():
        there = [host.name for host in api.hosts(folder(home)) if host.role is Role.WORKER]
    return max((int(name.rpartition("-")[2]) for name in there), default=WORKERS)


def up(context: Context, wanted: int | None) -> list[Host]:
    """Bring the hosts up, and on; those that run are not touched."""
    with told(), context.output.stage("emulated hosts") as stage:
        count = workers(context.home, wanted)
        made = api.up(folder(context.home), mirror.packages_of(ROLES), workers=count, tell=stage.line)
        stage.summary = f"{len(made)} run: {', '.join(host.name for host in made)}"
    return made


@contextmanager
def inventory(context: Context) -> Iterator[Path | None]:
    """The inventory of the hosts, or where there are none yet, of those that ``up`` would make."""
    if not context.environment.hosts:
        yield None
        return
    there = folder(context.home)
    if (there / "hosts.json").is_file():
        yield there / "inventory.json"
        return
    with tempfile.TemporaryDirectory(prefix="datahall-") as scratch:
        file = Path(scratch) / "inventory.json"
        file.write_text(json.dumps(api.planned(there)))
        yield file


def down(context: Context) -> None:
    """Take the hosts away and prove that neither mounts nor bridges nor processes are left."""
    with told(), context.output.stage("emulated hosts") as stage:
        were = len(api.hosts(folder(context.home)))
        api.down(folder(context.home))
        stage.summary = (
            f"{were} taken away; no mount, network or process of theirs is left" if were else "there are none"
        )


def check(home: Home) -> None:
    """Refuse a user who could not take the hosts away.

    Raises:
        UserError: there are hosts, and this user is not root.
    """
    if folder(home).exists():
        with told():
            needs.require()
