"""``datahall down``."""

from datahall.commands import _options as options
from datahall.context import open_context


def down(
    environment: options.Env = "local",
    /,
    *,
    engine: options.Engine = None,
    yes: options.Yes = False,
    parallel: options.Parallel = 16,
    json: options.Json = False,
) -> int:
    """Take an environment down and prove that nothing is left. Can be repeated after an interruption."""
    context = open_context(environment, engine=engine, as_json=json)
    from datahall import teardown

    report = teardown.down(context, yes=yes, parallel=options.check_parallel(parallel))
    context.output.result({**context.named(), **report})
    return 1 if report["left"] else 0
