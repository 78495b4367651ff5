"""The charges of node groups: what their launch templates start, as often as is desired."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from decimal import Decimal
from typing import Any

from datahall.capacity import prices
from datahall.capacity.charges import Charge, disk, no_price, number, unpriced
from datahall.capacity.model import Line, NotCounted, Priced

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"


def node_charges(resources: Sequence[Priced], size: str) -> Iterator[Charge]:
    """Yield the charges of every node group of a stack, at the named one of its sizes (desiredSize, ...).

    Nodes that fill a reservation of the same stack cost nothing more: the reservation is charged in full.
    """
    templates = {key: one for one in resources if one.type == _TEMPLATE for key in _names(one)}
    free = {
        one.id: number(one.get("instanceCount")) or Decimal(0)
        for one in resources
        if one.type == _RESERVATION and one.id
    }
    for group in resources:
        if group.type == NODE_GROUP:
            yield from _group(group, size, templates, free)


def _names(template: Priced) -> list[str]:
    return [str(one) for one in (template.id, template.get("name")) if one]


def _group(
    group: Priced, size: str, templates: Mapping[str, Priced], free: MutableMapping[str, Decimal]
) -> Iterator[Charge]:
    reference = _first(group.get("launchTemplate"))
    template = templates.get(str(reference.get("id") or reference.get("name")))
    nodes = number(_first(group.get("scalingConfig")).get(size))
    if nodes is None:
        yield unpriced(group, f"its {size} is not known")
        return
    if template is not None:
        for found in _attached(template, nodes):
            yield found if not isinstance(found, str) else unpriced(group, found)
    elif reference:
        yield unpriced(group, "its launch template is not in this stack")
    else:
        yield from _own_disk(group, nodes)
    yield from _instances(group, template, nodes, free)


def _instances(
    group: Priced, template: Priced | None, nodes: Decimal, free: MutableMapping[str, Decimal]
) -> Iterator[Charge]:
    kind = _instance_type(group, template)
    if kind is None:
        if template is not None or not group.get("launchTemplate"):
            yield unpriced(group, "its instance type is not known")
        return
    what = f"nodes of {group.name}: {kind}"
    capacity = group.get("capacityType") or "ON_DEMAND"
    if capacity == "CAPACITY_BLOCK":
        yield NotCounted(what=what, price="a capacity block, paid in advance at the price of its day")
        return
    hour = prices.instance_hour(kind)
    if hour is None:
        yield unpriced(group, no_price(kind))
        return
    reservation = _reservation_id(template)
    filled = min(nodes, free.get(reservation, Decimal(0)))
    if reservation in free:
        free[reservation] -= filled
    if nodes > filled or not filled:
        yield Line(
            what=what, count=nodes - filled, usd=hour, per="hour", note=_note(capacity, reservation, free)
        )


def _note(capacity: str, reservation: str, free: Mapping[str, Decimal]) -> str:
    if capacity == "SPOT":
        return "spot: the on-demand price is its upper bound"
    if reservation and reservation not in free:
        return f"in reservation {reservation}, which is not of this stack: counted at the on-demand price"
    return ""


def _attached(template: Priced, nodes: Decimal) -> Iterator[Line | str]:
    """Yield the charges of what comes with each node: its disks, its detailed metrics."""
    for mapping in template.get("blockDeviceMappings") or ():
        ebs = _first(mapping.get("ebs"))
        if ebs:
            yield from disk("node disks", nodes, ebs)
    if _first(template.get("monitoring")).get("enabled") is True:
        yield Line(
            what="detailed monitoring of nodes", count=nodes, usd=prices.DETAILED_MONITORING, per="month"
        )


def _own_disk(group: Priced, nodes: Decimal) -> Iterator[Charge]:
    # EKS's default: 20 GiB of gp3 (EKS user guide, "Create a managed node group")
    for found in disk("node disks", nodes, {"volumeSize": group.get("diskSize") or 20}):
        yield found if isinstance(found, Line) else unpriced(group, found)


def _instance_type(group: Priced, template: Priced | None) -> str | None:
    named = group.get("instanceTypes")
    if isinstance(named, list | tuple) and named:
        return _dearest([str(one) for one in named])
    of_template = template.get("instanceType") if template is not None else None
    if of_template:
        return str(of_template)
    # EKS's default where neither names one
    return "t3.medium" if template is None and not group.get("launchTemplate") else None


def _dearest(kinds: list[str]) -> str:
    # a group of several types may be filled with any: an estimate must not come out too low
    return max(kinds, key=lambda kind: prices.instance_hour(kind) or Decimal("Infinity"))


def _reservation_id(template: Priced | None) -> str:
    if template is None:
        return ""
    specification = _first(template.get("capacityReservationSpecification"))
    return str(_first(specification.get("capacityReservationTarget")).get("capacityReservationId") or "")


def _first(block: Any) -> Mapping[str, Any]:  # noqa: ANN401  # whatever a state holds there
    """Return a block that a state may hold as an object or as a list of one."""
    if isinstance(block, list | tuple):
        block = block[0] if block else None
    return block if isinstance(block, Mapping) else {}
