"""What a GpuNodePool may be told, and what of it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components._tags import Tags
from components.capacity import Capacity, ExistingReservation, NewReservation, OnDemand, Spot
from components.checks import check_choice, check_range, check_tags
from components.errors import InvalidArgs
from components.instance_types import InstanceType, instance_type

REQUIRED_TAGS = ("owner", "cost-centre", "ttl")
"""Who answers for the nodes, who pays, and how long they may stay."""

MAX_NODES = 1000


@dataclass(frozen=True, kw_only=True)
class GpuNodePoolArgs:
    """A managed node group of one GPU instance type; no SSH, no public address, encrypted volumes, always.

    ``efa`` unset means: for training, where the instance type has it. EFA and reservations need exactly one
    subnet, since both end at the zone's border. ``zone`` names that subnet's zone for a new reservation.
    ``max_usd_per_hour`` refuses a type that costs more a node at list price.
    """

    cluster_name: pulumi.Input[str]
    node_role_arn: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]
    data_key_arn: pulumi.Input[str]
    instance_type: str
    purpose: Literal["training", "serving"]
    tags: Tags
    efa_security_group_id: pulumi.Input[str] | None = None
    efa: bool | None = None
    zone: pulumi.Input[str] | None = None
    capacity: Capacity = field(default_factory=OnDemand)
    checkpoints: bool = False
    min_nodes: int = 0
    desired_nodes: int | None = None
    max_nodes: int = 1
    root_volume_gib: int = 500
    max_usd_per_hour: float | None = None

    def __post_init__(self) -> None:
        kind = instance_type(self.instance_type)
        check_choice("purpose", self.purpose, ("training", "serving"))
        check_tags("tags", self.tags)
        for key in REQUIRED_TAGS:
            if not self.tags.get(key):
                raise InvalidArgs(f"tags.{key}", "(missing)", "GPU nodes must tell it", f"add a tag {key}")
        _check_size(self)
        check_range("root_volume_gib", self.root_volume_gib, 100, 16384, "GPU images need 100 or more")
        _check_placement(self, kind)
        _check_capacity(self)
        _check_price(self, kind)

    @property
    def type(self) -> InstanceType:
        """The instance type's sizes."""
        return instance_type(self.instance_type)

    @property
    def uses_efa(self) -> bool:
        """Whether nodes get EFA interfaces."""
        return wants_efa(self.instance_type, self.purpose, efa=self.efa)

    @property
    def start_nodes(self) -> int:
        """Nodes that the pool starts with."""
        return self.min_nodes if self.desired_nodes is None else self.desired_nodes


def wants_efa(type_name: str, purpose: str, *, efa: bool | None) -> bool:
    """Whether nodes get EFA interfaces: as ``efa`` tells, else for training on a type that has them."""
    if efa is not None:
        return efa
    return purpose == "training" and instance_type(type_name).efa_interfaces > 0


def _check_size(args: GpuNodePoolArgs) -> None:
    check_range("max_nodes", args.max_nodes, 1, MAX_NODES, "EKS has node groups of 1 or more")
    check_range("min_nodes", args.min_nodes, 0, args.max_nodes, "min_nodes is no more than max_nodes")
    if args.desired_nodes is not None:
        check_range(
            "desired_nodes",
            args.desired_nodes,
            args.min_nodes,
            args.max_nodes,
            "it lies between min_nodes and max_nodes",
        )


def _check_placement(args: GpuNodePoolArgs, kind: InstanceType) -> None:
    if isinstance(args.subnet_ids, str) or not args.subnet_ids:
        raise InvalidArgs("subnet_ids", args.subnet_ids, "must be a list of subnets", "give one or more")
    if args.efa and not kind.efa_interfaces:
        raise InvalidArgs("efa", True, f"{kind.name} has no EFA", "take a larger type, or leave efa out")
    reserved = isinstance(args.capacity, ExistingReservation | NewReservation)
    if (args.uses_efa or reserved) and len(args.subnet_ids) != 1:
        why = "EFA does not cross zones" if args.uses_efa else "a reservation is in one zone"
        raise InvalidArgs("subnet_ids", f"{len(args.subnet_ids)} subnets", why, "give the one in its zone")
    if args.uses_efa and args.efa_security_group_id is None:
        raise InvalidArgs(
            "efa_security_group_id", "(missing)", "EFA needs it", "give Network.efa_security_group_id"
        )


def _check_capacity(args: GpuNodePoolArgs) -> None:
    match args.capacity:
        case Spot() if not (args.purpose == "training" and args.checkpoints):
            raise InvalidArgs(
                "capacity",
                "spot",
                "is only for training that checkpoints",
                "set purpose to training and checkpoints to true, or use on_demand",
            )
        case NewReservation(nodes=nodes):
            if args.zone is None:
                raise InvalidArgs("zone", "(missing)", "a new reservation needs it", "name the subnet's zone")
            if args.max_nodes > nodes:
                raise InvalidArgs(
                    "max_nodes",
                    args.max_nodes,
                    f"only {nodes} are reserved",
                    "reserve more, or lower it",
                )
        case _:
            pass


def _check_price(args: GpuNodePoolArgs, kind: InstanceType) -> None:
    cap = args.max_usd_per_hour
    if cap is None:
        return
    if kind.usd_per_hour is None:
        raise InvalidArgs(
            "instance_type",
            kind.name,
            "has no list price to hold against the cap",
            "remove the cap",
        )
    if kind.usd_per_hour > cap:
        raise InvalidArgs(
            "instance_type",
            kind.name,
            f"costs ${kind.usd_per_hour:.2f} an hour at list price, more than {cap:.2f}",
            "take a smaller type, or raise max_usd_per_hour",
        )
