"""``datahall up``."""

from datahall.commands import _options as options
from datahall.context import open_context


def up(
    environment: options.Env = "local",
    /,
    *,
    engine: options.Engine = None,
    yes: options.Yes = False,
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    expect_no_changes: options.ExpectNoChanges = False,
    port: options.Port = None,
    workers: options.Workers = None,
    json: options.Json = False,
) -> int:
    """Bring an environment up: provision, review, train, serve, ask."""
    context = open_context(environment, engine=engine, as_json=json)
    from datahall import chain, wishes

    asked = wishes.Wishes(
        yes=yes,
        diff=diff,
        parallel=options.check_parallel(parallel),
        expect_no_changes=expect_no_changes,
        port=port,
        workers=workers,
    )
    context.output.result(chain.up(context, asked))
    return 0
