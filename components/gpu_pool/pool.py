"""A pool of GPU nodes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._node_template import build_node_template, interface
from components._tags import tagged
from components.capacity import ExistingReservation, Spot, capacity_name
from components.checks import check_name
from components.gpu_pool.args import GpuNodePoolArgs
from components.gpu_pool.placement import Placement, build_placement, efa_interfaces

AMI_TYPE = "AL2023_x86_64_NVIDIA"
GPU_TAINT = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class GpuNodePoolResources:
    """What a GpuNodePool is made of; the placement holds a group or a reservation only where one was made."""

    placement: Placement
    launch_template: aws.ec2.LaunchTemplate
    node_group: aws.eks.NodeGroup


class GpuNodePool(pulumi.ComponentResource):
    """A managed node group with EFA, tainted for GPU work, bought on demand, spot or from a reservation."""

    instance_type: str
    capacity: str
    min_nodes: int
    max_nodes: int
    gpus_per_node: int
    efa_interfaces: int
    labels: dict[str, str]
    taints: list[dict[str, str]]
    node_group_name: pulumi.Output[str]
    launch_template_id: pulumi.Output[str]

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_name("name", name)
        super().__init__("datahall:components:GpuNodePool", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        block = isinstance(args.capacity, ExistingReservation) and args.capacity.block

        # 1 - where the nodes stand
        placement = build_placement(name, args, child)

        # 2 - what a node looks like
        groups = list(args.security_group_ids)
        if args.efa_security_group_id is not None and args.uses_efa:
            groups.append(args.efa_security_group_id)
        template = build_node_template(
            name,
            instance_type=args.instance_type,
            interfaces=efa_interfaces(args.type, groups) if args.uses_efa else [interface(groups)],
            root_volume_gib=args.root_volume_gib,
            key_arn=args.data_key_arn,
            placement_group=placement.group_name,
            reservation_id=placement.reservation_id,
            market="capacity-block" if block else None,
            tags=args.tags,
            opts=child,
        )

        # 3 - how many there are, and which pods they take
        node_group = aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster_name,
            node_role_arn=args.node_role_arn,
            subnet_ids=list(args.subnet_ids),
            ami_type=AMI_TYPE,
            capacity_type=_capacity_type(args, block=block),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=args.min_nodes, desired_size=args.start_nodes, max_size=args.max_nodes
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels=_labels(name, args),
            taints=[aws.eks.NodeGroupTaintArgs(**taint, effect="NO_SCHEDULE") for taint in _taints(args)],
            tags=tagged(name, args.tags),
            opts=child,
        )

        self.resources = GpuNodePoolResources(
            placement=placement, launch_template=template, node_group=node_group
        )
        self.instance_type = args.instance_type
        self.capacity = capacity_name(args.capacity)
        self.min_nodes = args.min_nodes
        self.max_nodes = args.max_nodes
        self.gpus_per_node = args.type.gpus
        self.efa_interfaces = args.type.efa_interfaces if args.uses_efa else 0
        self.labels = _labels(name, args)
        self.taints = [{**taint, "effect": "NoSchedule"} for taint in _taints(args)]
        self.node_group_name = node_group.node_group_name
        self.launch_template_id = template.id
        self.register_outputs(
            {
                "instance_type": self.instance_type,
                "capacity": self.capacity,
                "min_nodes": self.min_nodes,
                "max_nodes": self.max_nodes,
                "gpus_per_node": self.gpus_per_node,
                "efa_interfaces": self.efa_interfaces,
                "labels": self.labels,
                "taints": self.taints,
                "node_group_name": self.node_group_name,
                "launch_template_id": self.launch_template_id,
            }
        )


def _capacity_type(args: GpuNodePoolArgs, *, block: bool) -> str:
    if block:
        return "CAPACITY_BLOCK"
    return "SPOT" if isinstance(args.capacity, Spot) else "ON_DEMAND"


def _labels(name: str, args: GpuNodePoolArgs) -> dict[str, str]:
    return {
        "datahall/pool": name,
        "datahall/purpose": args.purpose,
        "datahall/capacity": capacity_name(args.capacity).replace("_", "-"),
        "datahall/gpu": args.type.gpu,
    }


def _taints(args: GpuNodePoolArgs) -> list[dict[str, str]]:
    taints = [{"key": GPU_TAINT, "value": "true"}]
    if isinstance(args.capacity, Spot):
        # only pods that say so run where nodes vanish
        taints.append({"key": "datahall/spot", "value": "true"})
    return taints
