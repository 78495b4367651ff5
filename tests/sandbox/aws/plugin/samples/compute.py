"""Samples: Instances, launch templates and groups of them."""

from __future__ import annotations

from tests.sandbox.aws.plugin.samples.parts import OTHER_TAGS, TAGS, Sample

COMPUTE = (
    Sample(
        "aws:ec2/placementGroup:PlacementGroup",
        "placement",
        lambda made: {"strategy": "cluster", "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/capacityReservation:CapacityReservation",
        "reservation",
        lambda made: {
            "availabilityZone": "us-west-2a",
            "instanceType": "p5.48xlarge",
            "instancePlatform": "Linux/UNIX",
            "instanceCount": 2,
            "instanceMatchCriteria": "targeted",
            "tags": TAGS,
        },
        {"instanceCount": 3, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "template",
        lambda made: {
            "description": "gpu nodes",
            "updateDefaultVersion": True,
            "instanceType": "p5.48xlarge",
            "ebsOptimized": "true",
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {
                        "encrypted": "true",
                        "kmsKeyId": made["key"].outputs["arn"],
                        "volumeSize": 200,
                        "volumeType": "gp3",
                        "deleteOnTermination": "true",
                    },
                }
            ],
            "metadataOptions": {
                "httpTokens": "required",
                "httpPutResponseHopLimit": 1,
                "httpEndpoint": "enabled",
            },
            "monitoring": {"enabled": True},
            "networkInterfaces": [
                {
                    "deviceIndex": 0 if card == 0 else 1,
                    "networkCardIndex": card,
                    "interfaceType": "efa",
                    "associatePublicIpAddress": "false",
                    "deleteOnTermination": "true",
                    "securityGroups": [made["group"].id],
                }
                for card in range(2)
            ],
            "placement": {"groupName": made["placement"].id},
            "capacityReservationSpecification": {
                "capacityReservationTarget": {"capacityReservationId": made["reservation"].id}
            },
            "instanceMarketOptions": {"marketType": "capacity-block"},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"Name": "gpu"}}],
            "userData": "IyEvYmluL3No",
            "tags": TAGS,
        },
        {"description": "more gpu nodes", "monitoring": {"enabled": False}, "tags": OTHER_TAGS},
    ),
)
