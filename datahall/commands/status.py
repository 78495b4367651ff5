"""``datahall status``."""

from datahall.commands import _options as options
from datahall.context import open_context


def status(environment: options.Env = "local", /, *, json: options.Json = False) -> int:
    """What an environment is made of and what runs in it."""
    context = open_context(environment, as_json=json)
    from datahall import report

    facts = report.facts(context)
    if json:
        context.output.result(facts)
    else:
        report.show(context, facts)
    return 0
