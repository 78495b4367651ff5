"""A month's cost of a stack at AWS list price: every resource is priced, declared free, or named."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

from datahall.capacity import prices
from datahall.capacity.charges import CHARGES, Charge, unpriced
from datahall.capacity.model import Estimate, Line, NotCounted, Priced, Unpriced
from datahall.capacity.nodes import NODE_GROUP, node_charges
from datahall.capacity.unmetered import BY_USE, is_free


def estimate(resources: Iterable[Priced], *, at: Literal["desired", "max"] = "desired") -> Estimate:
    """Return the monthly cost of a stack's resources, and what it leaves out.

    Node groups count with the nodes they have now (`desired`), or all that they may grow to (`max`).

    Lines for the same thing at the same price are added up. Nothing is silently zero: a type is priced,
    free, charged by use (`not_counted`), or else `unpriced`.
    """
    stack = tuple(resources)
    charges: list[Charge] = [charge for resource in stack for charge in _charges(resource)]
    charges += node_charges(stack, f"{at}Size")
    return Estimate(
        lines=_merged([charge for charge in charges if isinstance(charge, Line)]),
        not_counted=tuple(dict.fromkeys(charge for charge in charges if isinstance(charge, NotCounted))),
        unpriced=tuple(charge for charge in charges if isinstance(charge, Unpriced)),
    )


def to_dict(found: Estimate) -> dict[str, Any]:
    """Return an estimate as plain data, ready for JSON; money as numbers, to the cent."""
    return {
        "monthly_usd": float(found.monthly_usd),
        "source": prices.SOURCE,
        "as_of": prices.AS_OF,
        "region": prices.REGION,
        "hours_per_month": prices.HOURS_PER_MONTH,
        "lines": [
            {
                "what": line.what,
                "count": float(line.count),
                "usd": float(line.usd),
                "per": line.per,
                "monthly_usd": float(line.monthly_usd),
                "note": line.note,
            }
            for line in found.lines
        ],
        "not_counted": [{"what": one.what, "price": one.price} for one in found.not_counted],
        "unpriced": [{"type": one.type, "name": one.name, "reason": one.reason} for one in found.unpriced],
    }


def _charges(resource: Priced) -> Iterable[Charge]:
    if resource.type in CHARGES:
        return CHARGES[resource.type](resource)
    if resource.type in BY_USE:
        what, price = BY_USE[resource.type]
        return (NotCounted(what=what, price=price),)
    if resource.type == NODE_GROUP or is_free(resource.type):
        return ()
    return (unpriced(resource, "no price here for this type"),)


def _merged(lines: list[Line]) -> tuple[Line, ...]:
    """Return the lines with equal ones added up, the dearest first."""
    counts: dict[tuple[str, Decimal, str], Decimal] = {}
    firsts: dict[tuple[str, Decimal, str], Line] = {}
    for line in lines:
        key = (line.what, line.usd, line.note)
        counts[key] = counts.get(key, Decimal(0)) + line.count
        firsts.setdefault(key, line)
    merged = (
        Line(what=line.what, count=counts[key], usd=line.usd, per=line.per, note=line.note)
        for key, line in firsts.items()
    )
    return tuple(sorted(merged, key=lambda line: (-line.monthly_usd, line.what)))
