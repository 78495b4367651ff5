"""``datahall policy``."""

from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.context import open_context


def policy(
    environment: Annotated[
        str | None, Parameter(help="The environment to review; the rules without one.")
    ] = None,
    /,
    *,
    engine: options.Engine = None,
    json: options.Json = False,
) -> int:
    """List the rules of the policy pack, or review an environment by them."""
    if environment is None:
        from datahall.rules import listing

        return listing(engine=engine, as_json=json)
    context = open_context(environment, engine=engine, as_json=json)
    from datahall import emulated, provision

    region = provision.check_settings(context)
    with provision.sandbox(context) as endpoint, emulated.inventory(context) as inventory:
        outcome = provision.preview(
            context, context.request(endpoint=endpoint, region=region, inventory=inventory)
        )
    context.output.result({**context.named(), "policy": list(outcome.policy)})
    return 0
