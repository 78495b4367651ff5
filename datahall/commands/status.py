"""``datahall status``."""

from datahall.commands import _options as options


def status(environment: options.Env = "local", /, *, json: options.Json = False) -> int:
    """What an environment is made of and what runs in it."""
    from datahall import report
    from datahall.context import open_context

    context = open_context(environment, as_json=json)
    facts = report.facts(context)
    if json:
        context.output.result(facts)
    else:
        report.show(context, facts)
    return 0
