"""``datahall preview``."""

from datahall.commands import _options as options
from datahall.context import open_context


def preview(
    environment: options.Env = "local",
    /,
    *,
    engine: options.Engine = None,
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    expect_no_changes: options.ExpectNoChanges = False,
    json: options.Json = False,
) -> int:
    """Show what up would change, and what the policy pack says to it. Nothing is changed."""
    context = open_context(environment, engine=engine, as_json=json)
    from datahall import emulated, provision

    region = provision.check_settings(context)
    with provision.sandbox(context) as endpoint, emulated.inventory(context) as inventory:
        request = context.request(
            endpoint=endpoint,
            region=region,
            parallel=options.check_parallel(parallel),
            diff=diff,
            expect_no_changes=expect_no_changes,
            inventory=inventory,
        )
        outcome = provision.preview(context, request)
    context.output.result({**context.named(), **outcome.as_json()})
    return 0
