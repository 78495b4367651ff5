"""Samples: Log groups."""

from __future__ import annotations

from tests.sandbox.aws.plugin.samples.parts import OTHER_TAGS, TAGS, Sample

WATCHING = (
    Sample(
        "aws:cloudwatch/logGroup:LogGroup",
        "logs",
        lambda made: {"kmsKeyId": made["log-key"].outputs["arn"], "retentionInDays": 30, "tags": TAGS},
        {"retentionInDays": 90, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/flowLog:FlowLog",
        "flow-log",
        lambda made: {
            "vpcId": made["vpc"].id,
            "iamRoleArn": made["flow-role"].outputs["arn"],
            "logDestination": made["logs"].outputs["arn"],
            "trafficType": "ALL",
            "maxAggregationInterval": 60,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
)
