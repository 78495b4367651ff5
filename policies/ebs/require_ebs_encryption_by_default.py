"""The account setting that encrypts every new EBS volume is never switched off."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, customer_key, for_types, is_on, problem
from policies.frameworks import security_hub


def _enabled(props: Props) -> Iterator[str]:
    enabled = props.get("enabled", True)  # the provider's default
    if not is_on(enabled):
        yield problem("enabled", enabled, "leave it at True")


policy = ResourceValidationPolicy(
    name="require-ebs-encryption-by-default",
    description="New EBS volumes are encrypted by default, with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.7", "EBS default encryption should be enabled"),
    tags=["CKV_AWS_106", "EC2.7"],
    remediation_steps="Declare ebs.EncryptionByDefault, and ebs.DefaultKmsKey with your key.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-7",
    validate=for_types(
        {
            "aws:ebs/encryptionByDefault:EncryptionByDefault": (_enabled,),
            "aws:ebs/defaultKmsKey:DefaultKmsKey": (customer_key("keyArn"),),
        }
    ),
)
