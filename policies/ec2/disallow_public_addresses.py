"""Nothing that runs gets a public address, whether it asks or its subnet hands them out."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, for_types, off
from policies.frameworks import security_hub


def _interfaces(props: Props) -> Iterator[str]:
    for path, interface in blocks(props, "networkInterfaces"):
        yield from off("associatePublicIpAddress", at=f"{path}.")(interface)


_INSTANCE: tuple[Check, ...] = (off("associatePublicIpAddress"),)

policy = ResourceValidationPolicy(
    name="disallow-public-addresses",
    description="Instances, launch templates and subnets give no public addresses.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EC2.9", "EC2 instances should not have a public IPv4 address"),
    tags=["CKV_AWS_88", "CKV_AWS_130", "EC2.9"],
    remediation_steps="Set associatePublicIpAddress and mapPublicIpOnLaunch to False; reach out by NAT.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-9",
    validate=for_types(
        {
            "aws:ec2/instance:Instance": _INSTANCE,
            "aws:ec2/spotInstanceRequest:SpotInstanceRequest": _INSTANCE,
            "aws:ec2/launchConfiguration:LaunchConfiguration": _INSTANCE,
            "aws:ec2/launchTemplate:LaunchTemplate": (_interfaces,),
            "aws:ec2/subnet:Subnet": (off("mapPublicIpOnLaunch"),),
        }
    ),
)
