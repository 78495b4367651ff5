"""Where a pool's nodes stand: interfaces, placement group and reservation, which must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._node_template import interface
from components._tags import tagged
from components.capacity import ExistingReservation, NewReservation
from components.errors import InvalidArgs
from components.gpu_pool.args import GpuNodePoolArgs
from components.instance_types import InstanceType


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What was made (``group``, ``reservation``), and what the launch template names."""

    group: aws.ec2.PlacementGroup | None = None
    reservation: aws.ec2.CapacityReservation | None = None
    group_name: pulumi.Input[str] | None = None
    reservation_id: pulumi.Input[str] | None = None


def efa_interfaces(
    kind: InstanceType, security_group_ids: Sequence[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgs]:
    """One EFA interface a network card: device 0 on card 0, which has the address; device 1 on the others."""
    rest = "efa-only" if kind.efa_only else "efa"
    return [
        interface(
            security_group_ids,
            card=card,
            device=0 if card == 0 else 1,
            kind="efa" if card == 0 else rest,
        )
        for card in range(kind.efa_interfaces)
    ]


def build_placement(name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions) -> Placement:
    """A cluster placement group for EFA over several nodes, unless a reservation was made elsewhere.

    Nodes in a placement group fill only a reservation made in that very group; so a new reservation is made
    in the pool's, and an existing one brings its own or none.
    """
    if isinstance(args.capacity, ExistingReservation):
        return Placement(group_name=args.capacity.placement_group, reservation_id=args.capacity.id)

    group = None
    if args.uses_efa and args.max_nodes > 1:
        group = aws.ec2.PlacementGroup(name, strategy="cluster", tags=tagged(name, args.tags), opts=opts)
    reservation = None
    if isinstance(args.capacity, NewReservation):
        reservation = _reservation(name, args, args.capacity, group, opts)
    return Placement(
        group=group,
        reservation=reservation,
        group_name=group.name if group else None,
        reservation_id=reservation.id if reservation else None,
    )


def _reservation(
    name: str,
    args: GpuNodePoolArgs,
    capacity: NewReservation,
    group: aws.ec2.PlacementGroup | None,
    opts: pulumi.ResourceOptions,
) -> aws.ec2.CapacityReservation:
    if args.zone is None:
        raise InvalidArgs("zone", "(missing)", "a new reservation needs it", "name the subnet's zone")
    return aws.ec2.CapacityReservation(
        name,
        instance_type=args.instance_type,
        instance_platform="Linux/UNIX",
        instance_count=capacity.nodes,
        availability_zone=args.zone,
        # only nodes that name the reservation may fill it
        instance_match_criteria="targeted",
        placement_group_arn=group.arn if group else None,
        end_date_type="limited" if capacity.ends else "unlimited",
        end_date=capacity.ends,
        tags=tagged(name, args.tags),
        opts=opts,
    )
