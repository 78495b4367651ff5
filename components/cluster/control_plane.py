"""The EKS control plane and its logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._options import after, protected
from components._tags import tagged
from components.cluster.args import ClusterArgs

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """The cluster, and the log group that it writes to."""

    cluster: aws.eks.Cluster
    log_group: aws.cloudwatch.LogGroup


def build_control_plane(
    name: str,
    args: ClusterArgs,
    role: aws.iam.Role,
    needs: Sequence[pulumi.Resource],
    *,
    opts: pulumi.ResourceOptions,
) -> ControlPlane:
    """EKS writes to a log group of a fixed name: made first, or EKS would make an unencrypted one."""
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-control-plane",
        name=f"/aws/eks/{name}/cluster",
        kms_key_id=args.logs_key_arn,
        retention_in_days=args.log_retention_days,
        tags=tagged(f"{name}-control-plane", args.tags),
        opts=opts,
    )
    cluster = aws.eks.Cluster(
        name,
        name=name,
        version=args.version,
        role_arn=role.arn,
        vpc_config=aws.eks.ClusterVpcConfigArgs(
            subnet_ids=list(args.subnet_ids), endpoint_private_access=True, endpoint_public_access=False
        ),
        encryption_config=aws.eks.ClusterEncryptionConfigArgs(
            provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=args.cluster_key_arn),
            resources=["secrets"],
        ),
        enabled_cluster_log_types=list(LOG_TYPES),
        access_config=aws.eks.ClusterAccessConfigArgs(
            authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
        ),
        kubernetes_network_config=aws.eks.ClusterKubernetesNetworkConfigArgs(
            ip_family="ipv4", service_ipv4_cidr=str(args.service_cidr)
        ),
        upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(
            support_type="EXTENDED" if args.extended_support else "STANDARD"
        ),
        # add-ons are declared here, each with a role of its own
        bootstrap_self_managed_addons=False,
        deletion_protection=args.deletion_protection,
        tags=tagged(name, args.tags),
        opts=protected(after(opts, *needs, log_group), args.deletion_protection),
    )
    return ControlPlane(cluster=cluster, log_group=log_group)
