"""A stack that makes disks also sees to it that its account and region encrypt every new one.

`require-ebs-encryption-by-default` judges the setting; this rule, that it is there.
"""

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.frameworks import security_hub

_SETTING = "aws:ebs/encryptionByDefault:EncryptionByDefault"
_MAKERS = frozenset(
    {
        "aws:autoscaling/group:Group",
        "aws:ebs/volume:Volume",
        "aws:ec2/instance:Instance",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
        "aws:eks/nodeGroup:NodeGroup",
    }
)


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    makers = [resource for resource in args.resources if resource.resource_type in _MAKERS]
    if makers and not any(resource.resource_type == _SETTING for resource in args.resources):
        report(f"{makers[0].name} makes disks but ebs.EncryptionByDefault is not set: declare it", None)


policy = StackValidationPolicy(
    name="require-ebs-encryption-by-default-in-stack",
    description="A stack that makes EBS volumes declares that new ones are encrypted by default.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.7", "EBS default encryption should be enabled"),
    tags=["CKV_AWS_106", "EC2.7"],
    remediation_steps="Declare ebs.EncryptionByDefault, once in the stack.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-7",
    validate=_validate,
)
