"""What a stack would cost a month on AWS, at list price."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from datahall import capacity
from datahall.engine import StackState


def of(stack: StackState) -> capacity.Estimate:
    """The monthly cost of the resources in a stack's state."""
    return capacity.estimate(
        capacity.Priced(type=r.type, name=r.name, id=r.id, inputs=r.inputs, outputs=r.outputs)
        for r in stack.resources
        if r.custom
    )


def as_json(found: capacity.Estimate) -> dict[str, Any]:
    """For ``--json``."""
    return capacity.to_dict(found)


def shown(found: capacity.Estimate, *, lines: int = 6) -> RenderableType:
    """The total, its dearest parts, and what it leaves out."""
    table = Table.grid(padding=(0, 2))
    for line in found.lines[:lines]:
        table.add_row(f"  {line.what}", f"${line.monthly_usd:,.2f}", Text(line.note, style="dim"))
    rest = found.lines[lines:]
    if rest:
        table.add_row(f"  {len(rest)} more", f"${sum(line.monthly_usd for line in rest):,.2f}")
    told = Text.assemble(
        ("It would cost ", ""), (f"${found.monthly_usd:,.2f} a month", "bold"), " on AWS at list price"
    )
    left_out = Text(
        f"  not in it: {', '.join(one.what for one in found.not_counted)}" if found.not_counted else "",
        style="dim",
    )
    unknown = [Text(f"  no price known: {one.type} {one.name}", style="yellow") for one in found.unpriced]
    return Group(told, table, *([left_out] if left_out.plain else []), *unknown)
