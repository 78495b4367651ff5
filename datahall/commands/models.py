"""``datahall models``."""

from typing import Annotated, Literal

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.context import open_context


def models(
    action: Annotated[Literal["list", "show", "promote"], Parameter(help="What to do.")] = "list",
    model: Annotated[str | None, Parameter(help="The model, for show and promote.")] = None,
    version: Annotated[str | None, Parameter(help="Its version; for show, the one in production.")] = None,
    /,
    *,
    environment: options.EnvFlag = "local",
    smoke: Annotated[
        bool, Parameter(help="Promote a version though it was trained by --smoke.", negative=())
    ] = False,
    json: options.Json = False,
) -> int:
    """List, show and promote the registry's models."""
    context = open_context(environment, as_json=json)
    from datahall import registry, site

    found = site.find(context)
    return registry.command(context, found, action, model, version, smoke=smoke)
