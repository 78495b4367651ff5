"""Who may do what in a cluster, by IAM identity (EKS access entries)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._tags import Tags, tagged
from components.checks import check_choice, check_text
from components.errors import InvalidArgs

POLICIES = {
    "cluster-admin": "AmazonEKSClusterAdminPolicy",
    "admin": "AmazonEKSAdminPolicy",
    "edit": "AmazonEKSEditPolicy",
    "view": "AmazonEKSViewPolicy",
}


@dataclass(frozen=True, kw_only=True)
class AccessEntry:
    """An IAM role or user, and its policy, in some namespaces or (where none are named) everywhere."""

    principal_arn: pulumi.Input[str]
    policy: str
    namespaces: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_choice("access.policy", self.policy, POLICIES)
        check_text(
            "access.principal_arn",
            self.principal_arn,
            r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
            "must be the ARN of an IAM role or user",
            "use arn:aws:iam::ACCOUNT:role/NAME",
        )
        if self.policy == "cluster-admin" and self.namespaces:
            raise InvalidArgs(
                "access.namespaces", ", ".join(self.namespaces), "cluster-admin has none", "use admin"
            )


def build_access(
    name: str,
    cluster: aws.eks.Cluster,
    entry: AccessEntry,
    *,
    where: Location,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> aws.eks.AccessEntry:
    """The entry and its policy."""
    made = aws.eks.AccessEntry(
        name,
        cluster_name=cluster.name,
        principal_arn=entry.principal_arn,
        type="STANDARD",
        tags=tagged(name, tags),
        opts=opts,
    )
    scope = aws.eks.AccessPolicyAssociationAccessScopeArgs(
        type="namespace" if entry.namespaces else "cluster",
        namespaces=list(entry.namespaces) or None,
    )
    aws.eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster.name,
        principal_arn=made.principal_arn,
        policy_arn=pulumi.Output.concat(
            "arn:", where.partition, ":eks::aws:cluster-access-policy/", POLICIES[entry.policy]
        ),
        access_scope=scope,
        opts=opts,
    )
    return made
