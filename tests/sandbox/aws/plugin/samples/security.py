"""Samples: Keys, roles and policies."""

from __future__ import annotations

from tests.sandbox.aws.plugin.samples.parts import (
    OTHER_TAGS,
    READ,
    READ_MORE,
    TAGS,
    Sample,
    document,
    key_policy,
    log_key_policy,
    trust,
)

SECURITY = (
    Sample(
        "aws:kms/key:Key",
        "key",
        lambda made: {
            "description": "data",
            "enableKeyRotation": True,
            "rotationPeriodInDays": 180,
            "deletionWindowInDays": 7,
            "policy": key_policy("Root"),
            "tags": TAGS,
        },
        {
            "description": "more data",
            "enableKeyRotation": True,
            "policy": key_policy("Owner"),
            "tags": OTHER_TAGS,
        },
    ),
    Sample(
        "aws:kms/key:Key",
        "log-key",
        lambda made: {"policy": log_key_policy(), "deletionWindowInDays": 7},
    ),
    Sample(
        "aws:kms/alias:Alias",
        "alias",
        lambda made: {"name": "alias/sample", "targetKeyId": made["key"].outputs["keyId"]},
    ),
    Sample(
        "aws:iam/role:Role",
        "role",
        lambda made: {
            "assumeRolePolicy": trust("eks.amazonaws.com"),
            "description": "cluster",
            "maxSessionDuration": 7200,
            "path": "/samples/",
            "forceDetachPolicies": True,
            "tags": TAGS,
        },
        {"description": "control plane", "assumeRolePolicy": trust("ec2.amazonaws.com"), "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/role:Role",
        "node-role",
        lambda made: {
            "assumeRolePolicy": trust("ec2.amazonaws.com"),
            "inlinePolicies": [{"name": "read", "policy": READ}],
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
        },
        {"managedPolicyArns": [], "inlinePolicies": []},
    ),
    Sample(
        "aws:iam/role:Role",
        "flow-role",
        lambda made: {"assumeRolePolicy": trust("vpc-flow-logs.amazonaws.com")},
    ),
    Sample(
        "aws:iam/role:Role",
        "pod-role",
        lambda made: {
            "assumeRolePolicy": document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                }
            )
        },
    ),
    Sample(
        "aws:iam/role:Role", "backup-role", lambda made: {"assumeRolePolicy": trust("backup.amazonaws.com")}
    ),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        "role-policy",
        lambda made: {"role": made["role"].id, "policy": READ},
        {"policy": READ_MORE},
    ),
    Sample(
        "aws:iam/policy:Policy",
        "policy",
        lambda made: {"policy": READ, "description": "reads", "path": "/samples/", "tags": TAGS},
        {"policy": READ_MORE, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "attachment",
        lambda made: {"role": made["role"].id, "policyArn": made["policy"].outputs["arn"]},
    ),
    Sample(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "identity-provider",
        lambda made: {
            "url": "https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/instanceProfile:InstanceProfile",
        "profile",
        lambda made: {"role": made["node-role"].id, "path": "/samples/", "tags": TAGS},
        {"role": "", "tags": OTHER_TAGS},
    ),
)
