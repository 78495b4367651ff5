"""The rules of the policy pack, listed."""

from typing import Any

from rich.table import Table

from datahall.errors import UserError
from datahall.output import Output
from policies.catalogue import to_dicts


def listing(*, engine: str | None, as_json: bool) -> int:
    """List every rule; returns the exit code.

    Raises:
        UserError: an engine was named, and none is run.
    """
    if engine is not None:
        raise UserError(
            "--engine", engine, "no engine runs to list the rules", "leave it out, or name an environment"
        )
    output, rules = Output(as_json=as_json), to_dicts()
    output.result({"rules": rules})
    if not as_json:
        output.say(_table(rules))
        output.say(f"{len(rules)} rules. Review an environment by them: datahall policy local")
    return 0


def _table(rules: list[dict[str, Any]]) -> Table:
    table = Table("rule", "severity", "enforced", "what must hold")
    for rule in rules:
        table.add_row(rule["name"], rule["severity"], rule["enforcement"], rule["description"])
    return table
