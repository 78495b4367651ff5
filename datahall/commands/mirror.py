"""``datahall mirror``: packages for a site with no route out."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options

Package = Annotated[
    list[str] | None,
    Parameter(
        name="--package",
        help="One more, NAME or NAME=VERSION: a driver, say. Repeatable.",
        show_default=False,
    ),
]
Component = Annotated[
    list[str] | None,
    Parameter(
        name="--component",
        help="One more of Debian's archive besides main: non-free, say. Repeatable.",
        show_default=False,
    ),
]


def mirror(
    folder: Path, /, *, package: Package = None, component: Component = None, json: options.Json = False
) -> int:
    """Make a signed folder of the packages that the roles install, with all that they depend on.

    Carried to a site with no route out, it is what mirror_folder names there; mirror.asc in it is mirror_key.
    Linux, root; from the archive that this machine's own apt sources name.

    Parameters
    ----------
    folder:
        The folder to make; it must not be there yet.
    """
    from datahall import emulated
    from datahall.output import Output
    from datahall.sandbox.hosts import mirror as packages
    from datahall.sandbox.hosts import repository

    output, where = Output(as_json=json), folder.absolute()
    with emulated.told(), output.stage("packages") as stage:
        names = [*packages.packages_of(emulated.ROLES), *(package or ())]
        number = packages.carry(where, names, stage.line, components=("main", *(component or ())))
        stage.summary = f"{number} in {where}, signed by {where / repository.KEY}"
    output.result({"folder": str(where), "packages": number, "key": str(where / repository.KEY)})
    return 0
