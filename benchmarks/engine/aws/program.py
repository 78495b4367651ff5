"""RESOURCES resources of AWS, of kinds that rules look at, all as the rules want them."""

import os
from collections.abc import Mapping
from typing import Any

import pulumi

KEY = "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
METADATA = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
KINDS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("aws:ebs/volume:Volume", {"availabilityZone": "us-west-2a", "encrypted": True, "kmsKeyId": KEY}),
    ("aws:cloudwatch/logGroup:LogGroup", {"kmsKeyId": KEY, "retentionInDays": 365}),
    (
        "aws:ec2/instance:Instance",
        {
            "ami": "ami-1",
            "instanceType": "m7i.large",
            "rootBlockDevice": {"encrypted": True, "kmsKeyId": KEY},
            "ebsBlockDevices": [],
            "metadataOptions": METADATA,
        },
    ),
    ("aws:kms/key:Key", {"enableKeyRotation": True, "description": "a key"}),
    (
        "aws:ecr/repository:Repository",
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}]},
    ),
)


class Resource(pulumi.CustomResource):
    """A resource of any type."""

    def __init__(self, token: str, name: str, inputs: Mapping[str, Any]) -> None:
        super().__init__(token, name, dict(inputs), pulumi.ResourceOptions(version="1.0.0"))


Resource("aws:ebs/encryptionByDefault:EncryptionByDefault", "default", {"enabled": True})
for number in range(1, int(os.environ["RESOURCES"])):
    token, inputs = KINDS[number % len(KINDS)]
    Resource(token, f"resource-{number}", inputs)
