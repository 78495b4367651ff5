"""IAM policy documents, made of plain dictionaries whose leaves may be Outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]
Resources = pulumi.Input[str] | Sequence[pulumi.Input[str]]


def document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy document as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    sid: str,
    actions: Sequence[str],
    *,
    resources: Resources | None = None,
    principal: Mapping[str, Any] | None = None,
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """An Allow statement; leaves out what is not given."""
    optional = {"Principal": principal, "Resource": resources, "Condition": condition}
    given = {key: value for key, value in optional.items() if value is not None}
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), **given}


def deny(
    sid: str,
    actions: Sequence[str],
    *,
    resources: Resources,
    condition: Mapping[str, Any],
) -> Statement:
    """A Deny statement for everyone, where ``condition`` holds."""
    statement = allow(sid, actions, resources=resources, principal={"AWS": "*"}, condition=condition)
    return {**statement, "Effect": "Deny"}


def assumed_by(service: str, *, condition: Mapping[str, Any] | None = None) -> pulumi.Output[str]:
    """A trust policy for one AWS service (``ec2.amazonaws.com``)."""
    return document(
        [allow("Assume", ["sts:AssumeRole"], principal={"Service": service}, condition=condition)]
    )


def assumed_by_pods(account: pulumi.Input[str], cluster_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """A trust policy for EKS Pod Identity, from one cluster of one account only."""
    return document(
        [
            allow(
                "AssumeFromPods",
                ["sts:AssumeRole", "sts:TagSession"],
                principal={"Service": "pods.eks.amazonaws.com"},
                condition={
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnEquals": {"aws:SourceArn": cluster_arn},
                },
            )
        ]
    )
