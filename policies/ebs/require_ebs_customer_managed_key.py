"""Every EBS volume, however it comes to be, is encrypted with a customer-managed key."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, customer_key, for_types, is_on, key_problems, on, problem
from policies.frameworks import security_hub


def _disks(*fields: str, inner: str | None = None) -> tuple[Check, Check, Check]:
    """Return the checks that there is a disk in the given blocks, and of every disk's flag and key."""

    def found(props: Props) -> Iterator[tuple[str, Props]]:
        for field in fields:
            for path, block in blocks(props, field):
                if inner is None:
                    yield path, block
                else:
                    yield from ((f"{path}.{name}", disk) for name, disk in blocks(block, inner))

    def named(props: Props) -> Iterator[str]:
        # The root disk that a resource does not name is made by AWS, under AWS's key or none; an instance
        # may leave it to its launch template, which is judged by itself.
        if "launchTemplate" not in props and not list(found(props)):
            yield problem(fields[0], None, "name the root disk there, encrypted with a key")

    def encrypted(props: Props) -> Iterator[str]:
        for path, disk in found(props):
            if not is_on(disk.get("encrypted")):
                yield problem(f"{path}.encrypted", disk.get("encrypted"), "set it to true")

    def keyed(props: Props) -> Iterator[str]:
        for path, disk in found(props):
            yield from key_problems(f"{path}.kmsKeyId", disk.get("kmsKeyId"))

    return named, encrypted, keyed


def _templated(props: Props) -> Iterator[str]:
    if not list(blocks(props, "launchTemplate")):
        yield problem("launchTemplate", None, "node disks get a key only through a launch template")


def _keyless(_: Props) -> Iterator[str]:
    yield "a launch configuration cannot name a key: use a launch template"


_INSTANCE = _disks("rootBlockDevice", "ebsBlockDevices")
_DISK = (on("encrypted"), customer_key("kmsKeyId"))

policy = ResourceValidationPolicy(
    name="require-ebs-customer-managed-key",
    description="EBS volumes are encrypted with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.3", "Attached EBS volumes should be encrypted at-rest"),
    tags=["CKV_AWS_3", "CKV_AWS_189", "EC2.3"],
    remediation_steps="Set encrypted and kmsKeyId on the volume, or on every disk of the launch template.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-3",
    validate=for_types(
        {
            "aws:ebs/volume:Volume": _DISK,
            "aws:ebs/snapshotCopy:SnapshotCopy": _DISK,
            "aws:ec2/instance:Instance": _INSTANCE,
            "aws:ec2/spotInstanceRequest:SpotInstanceRequest": _INSTANCE,
            "aws:ec2/launchTemplate:LaunchTemplate": _disks("blockDeviceMappings", inner="ebs"),
            "aws:ec2/launchConfiguration:LaunchConfiguration": (_keyless,),
            "aws:eks/nodeGroup:NodeGroup": (_templated,),
        }
    ),
)
