"""``datahall doctor``."""

from dataclasses import asdict

from datahall.commands import _options as options


def doctor(*, json: options.Json = False) -> int:
    """Check what this machine has of what datahall needs: what for, and how to mend it."""
    from datahall import health
    from datahall.output import Output

    output = Output(as_json=json)
    checks = health.checks()
    output.result({"ok": health.fine(checks), "checks": [asdict(check) for check in checks]})
    if not json:
        health.show(output, checks)
    return 0 if health.fine(checks) else 1
