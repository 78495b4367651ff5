"""``datahall serve``."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.context import open_context
from datahall.lock import hold


def serve(
    model: Annotated[str, Parameter(help="The model to serve.")],
    /,
    *,
    environment: options.EnvFlag = "local",
    port: options.Port = None,
    json: options.Json = False,
) -> int:
    """Serve a model's production version: in a process of its own; on metal by the hosts, over TLS."""
    context = open_context(environment, as_json=json)
    from datahall import registry, service, site

    found = site.find(context)
    if context.environment.hosts:
        from datahall.edge import deploy

        with hold(context.home, f"datahall serve {model}"):
            context.output.result(deploy.serve(context, found, model, port))
        return 0
    with hold(context.home, f"datahall serve {model}"):
        chosen = service.choose_port(context.home, context.environment.name, model, port)
        version = registry.require_production(found, model)
        running, started = service.ensure(
            found, context.home, context.output, model=model, version=version, port=chosen
        )
    context.output.result({**context.named(), "started": started, "service": asdict(running)})
    return 0
