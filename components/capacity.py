"""How a pool's nodes are bought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pulumi

from components.checks import check_range, check_text
from components.errors import InvalidArgs

CapacityName = Literal["on_demand", "spot", "reservation"]


@dataclass(frozen=True, kw_only=True)
class OnDemand:
    """At list price, when there is any."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Spare capacity, taken back at two minutes' notice: only for training that checkpoints."""


@dataclass(frozen=True, kw_only=True)
class ExistingReservation:
    """A reservation or capacity block that somebody has bought.

    ``placement_group`` is the one that it was made in, if it was: nodes in another one do not fit it.
    """

    id: pulumi.Input[str]
    block: bool = False
    placement_group: pulumi.Input[str] | None = None

    def __post_init__(self) -> None:
        check_text(
            "capacity.id",
            self.id,
            r"cr-[0-9a-f]{8,17}",
            "must be a capacity reservation's id",
            "look it up with aws ec2 describe-capacity-reservations",
        )
        if self.block and self.placement_group is not None:
            raise InvalidArgs(
                "capacity.placement_group",
                self.placement_group,
                "a capacity block has its own placement",
                "remove it",
            )


@dataclass(frozen=True, kw_only=True)
class NewReservation:
    """A reservation of ``nodes`` that the pool makes: paid for until ``ends`` (ISO 8601), or for good."""

    nodes: int
    ends: str | None = None

    def __post_init__(self) -> None:
        check_range("capacity.nodes", self.nodes, 1, 1000, "reserve as many as the pool's max_nodes")
        if self.ends is not None:
            try:
                moment = datetime.fromisoformat(self.ends)
            except (TypeError, ValueError):
                moment = None
            if moment is None or moment.tzinfo is None:
                raise InvalidArgs(
                    "capacity.ends",
                    self.ends,
                    "must be a moment with a time zone",
                    "use 2027-03-01T00:00:00Z",
                )


Capacity = OnDemand | Spot | ExistingReservation | NewReservation


def capacity_name(capacity: Capacity) -> CapacityName:
    """``on_demand``, ``spot`` or ``reservation``."""
    match capacity:
        case OnDemand():
            return "on_demand"
        case Spot():
            return "spot"
        case ExistingReservation() | NewReservation():
            return "reservation"
