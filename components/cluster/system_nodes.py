"""The nodes that a cluster's own pods run on: GPU nodes are tainted against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._node_template import build_node_template, interface
from components._options import after
from components._tags import tagged
from components.cluster.args import ClusterArgs


@dataclass(frozen=True, kw_only=True)
class SystemNodes:
    """The node group, and its nodes' launch template."""

    launch_template: aws.ec2.LaunchTemplate
    node_group: aws.eks.NodeGroup


def build_system_nodes(
    name: str,
    args: ClusterArgs,
    cluster: aws.eks.Cluster,
    role: aws.iam.Role,
    security_group_ids: Sequence[pulumi.Input[str]],
    *,
    needs: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> SystemNodes:
    """Over all the cluster's subnets; twice the nodes at most, so that an update has room."""
    label = f"{name}-system"
    template = build_node_template(
        label,
        instance_type=args.system.instance_type,
        interfaces=[interface(security_group_ids)],
        root_volume_gib=args.system.root_volume_gib,
        key_arn=args.data_key_arn,
        tags=args.tags,
        opts=opts,
    )
    node_group = aws.eks.NodeGroup(
        label,
        cluster_name=cluster.name,
        node_role_arn=role.arn,
        subnet_ids=list(args.subnet_ids),
        ami_type="AL2023_x86_64_STANDARD",
        capacity_type="ON_DEMAND",
        launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
            id=template.id, version=template.latest_version.apply(str)
        ),
        scaling_config=aws.eks.NodeGroupScalingConfigArgs(
            min_size=args.system.nodes, desired_size=args.system.nodes, max_size=2 * args.system.nodes
        ),
        update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
        node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
        labels={"datahall/pool": label},
        tags=tagged(label, args.tags),
        opts=after(opts, *needs),
    )
    return SystemNodes(launch_template=template, node_group=node_group)
