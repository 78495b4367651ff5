"""Flow logs of a whole VPC, encrypted and kept for a year or more."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._options import after
from components._policy import allow, assumed_by, document
from components._tags import Tags, tagged


@dataclass(frozen=True, kw_only=True)
class FlowLogs:
    """The log, its log group, and the role that may write there and nowhere else."""

    group: aws.cloudwatch.LogGroup
    role: aws.iam.Role
    log: aws.ec2.FlowLog


def build_flow_logs(
    name: str,
    vpc: aws.ec2.Vpc,
    *,
    key_arn: pulumi.Input[str],
    retention_days: int,
    where: Location,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> FlowLogs:
    """Accepted and rejected traffic, aggregated each minute."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-flow-logs",
        name=f"/datahall/{name}/flow-logs",
        kms_key_id=key_arn,
        retention_in_days=retention_days,
        tags=tagged(f"{name}-flow-logs", tags),
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-flow-logs",
        assume_role_policy=assumed_by(
            "vpc-flow-logs.amazonaws.com",
            condition={
                "StringEquals": {"aws:SourceAccount": where.account},
                "ArnLike": {"aws:SourceArn": where.arn("ec2", "vpc-flow-log/*")},
            },
        ),
        tags=tagged(f"{name}-flow-logs", tags),
        opts=opts,
    )
    permission = aws.iam.RolePolicy(
        f"{name}-flow-logs",
        role=role.name,
        policy=document(
            [
                allow(
                    "WriteFlowLogs",
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    resources=[group.arn, pulumi.Output.concat(group.arn, ":*")],
                )
            ]
        ),
        opts=opts,
    )
    log = aws.ec2.FlowLog(
        f"{name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        tags=tagged(f"{name}-flow-logs", tags),
        opts=after(opts, permission),
    )
    return FlowLogs(group=group, role=role, log=log)
