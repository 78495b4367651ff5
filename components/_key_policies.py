"""Who may use a customer-managed key: the account through named services, and nobody else.

Statements for the account name its root principal, which hands the decision to the account's IAM
policies (AWS KMS, "Default key policy"); no statement has a wildcard principal or ``kms:*``.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components._location import Location
from components._policy import Statement, allow, document

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""Management without use: an administrator by these can neither encrypt nor decrypt, nor grant it."""

USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def key_policy(
    where: Location,
    services: Sequence[str],
    *,
    for_secrets: bool = False,
    for_logs: bool = False,
    for_node_volumes: bool = False,
) -> pulumi.Output[str]:
    """The policy of a key used through ``services`` (``s3``, ``ec2``, ...) by principals of this account.

    ``for_secrets`` lets EKS encrypt Kubernetes secrets; ``for_logs`` lets CloudWatch Logs encrypt this
    account's log groups; ``for_node_volumes`` lets Auto Scaling's service-linked role (which must exist)
    start nodes with encrypted volumes.
    """
    statements = [
        allow("Administration", ADMINISTRATION, principal=_account(where), resources="*"),
        *(_use_through(where, services) if services else []),
        *(_use_by_clusters(where) if for_secrets else []),
        *(_use_by_logs(where) if for_logs else []),
        *(_use_by_auto_scaling(where) if for_node_volumes else []),
    ]
    return document(statements)


def _account(where: Location) -> dict[str, pulumi.Output[str]]:
    return {"AWS": where.iam_arn("root")}


def _use_through(where: Location, services: Sequence[str]) -> list[Statement]:
    through = [pulumi.Output.concat(service, ".", where.region, ".amazonaws.com") for service in services]
    condition = {"StringEquals": {"kms:CallerAccount": where.account, "kms:ViaService": through}}
    return [
        allow("UseThroughServices", USE, principal=_account(where), resources="*", condition=condition),
        allow(
            "GrantsForServices",
            ["kms:CreateGrant"],
            principal=_account(where),
            resources="*",
            condition={**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _use_by_clusters(where: Location) -> list[Statement]:
    # EKS supports no kms:GrantIsForAWSResource here (user guide, "Encrypt Kubernetes secrets with KMS")
    return [
        allow(
            "UseByClusters",
            [*USE, "kms:CreateGrant"],
            principal=_account(where),
            resources="*",
            condition={"StringEquals": {"kms:CallerAccount": where.account}},
        )
    ]


def _use_by_logs(where: Location) -> list[Statement]:
    return [
        allow(
            "UseByLogGroups",
            USE,
            principal={"Service": pulumi.Output.concat("logs.", where.region, ".amazonaws.com")},
            resources="*",
            condition={
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": where.arn("logs", "log-group:*")},
            },
        )
    ]


def _use_by_auto_scaling(where: Location) -> list[Statement]:
    role = where.iam_arn("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    return [
        allow("UseByAutoScaling", USE, principal={"AWS": role}, resources="*"),
        allow(
            "GrantsForNodeVolumes",
            ["kms:CreateGrant"],
            principal={"AWS": role},
            resources="*",
            condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]
