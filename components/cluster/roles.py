"""The cluster's IAM roles: its own, its nodes', its operators', and one for each add-on that calls AWS."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._policy import allow, assumed_by, assumed_by_pods, document
from components._tags import Tags, tagged
from components.cluster.addons import Addon

NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
)
"""Joining, pulling images, and a shell by Session Manager instead of SSH. The CNI has a role of its own."""


def build_cluster_role(
    name: str, key_arn: pulumi.Input[str], *, where: Location, tags: Tags, opts: pulumi.ResourceOptions
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """The role of the control plane, and what it must have before the cluster is made."""
    role = aws.iam.Role(
        f"{name}-cluster",
        assume_role_policy=assumed_by(
            "eks.amazonaws.com", condition={"StringEquals": {"aws:SourceAccount": where.account}}
        ),
        tags=tagged(f"{name}-cluster", tags),
        opts=opts,
    )
    key_use = aws.iam.RolePolicy(
        f"{name}-cluster-key",
        role=role.name,
        policy=document(
            [
                allow(
                    "EncryptSecrets",
                    ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
                    resources=key_arn,
                )
            ]
        ),
        opts=opts,
    )
    return role, [*_attach(f"{name}-cluster", role, ["AmazonEKSClusterPolicy"], where, opts), key_use]


def build_node_role(
    name: str, *, where: Location, tags: Tags, opts: pulumi.ResourceOptions
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """The role of every node, and what it must have before a node starts."""
    role = aws.iam.Role(
        f"{name}-node",
        assume_role_policy=assumed_by("ec2.amazonaws.com"),
        tags=tagged(f"{name}-node", tags),
        opts=opts,
    )
    return role, list(_attach(f"{name}-node", role, NODE_POLICIES, where, opts))


def build_operator_role(
    name: str, cluster: aws.eks.Cluster, *, where: Location, tags: Tags, opts: pulumi.ResourceOptions
) -> aws.iam.Role:
    """For people: assumed with a second factor by whom the account allows to, for an hour at a time."""
    role = aws.iam.Role(
        f"{name}-operator",
        assume_role_policy=document(
            [
                allow(
                    "AssumeWithSecondFactor",
                    ["sts:AssumeRole"],
                    principal={"AWS": where.iam_arn("root")},
                    condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                )
            ]
        ),
        max_session_duration=3600,
        tags=tagged(f"{name}-operator", tags),
        opts=opts,
    )
    aws.iam.RolePolicy(
        f"{name}-operator",
        role=role.name,
        policy=document([allow("FindCluster", ["eks:DescribeCluster"], resources=cluster.arn)]),
        opts=opts,
    )
    return role


def build_addon_role(
    name: str,
    addon: Addon,
    cluster: aws.eks.Cluster,
    volumes_key_arn: pulumi.Input[str],
    *,
    where: Location,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """A role that only this add-on's service accounts, in this cluster, are given."""
    role = aws.iam.Role(
        name,
        assume_role_policy=assumed_by_pods(where.account, cluster.arn),
        tags=tagged(name, tags),
        opts=opts,
    )
    statements = []
    if addon.actions:
        statements.append(allow("Driver", addon.actions, resources="*"))
    if addon.uses_volumes_key:
        statements += [
            allow(
                "EncryptVolumes",
                ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext"],
                resources=volumes_key_arn,
            ),
            allow(
                "GrantToVolumes",
                ["kms:CreateGrant"],
                resources=volumes_key_arn,
                condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
    needs: list[pulumi.Resource] = [*_attach(name, role, addon.policies, where, opts)]
    if statements:
        needs.append(aws.iam.RolePolicy(name, role=role.name, policy=document(statements), opts=opts))
    return role, needs


def _attach(
    name: str, role: aws.iam.Role, policies: Sequence[str], where: Location, opts: pulumi.ResourceOptions
) -> list[aws.iam.RolePolicyAttachment]:
    return [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=where.managed_policy(policy),
            opts=opts,
        )
        for policy in policies
    ]
