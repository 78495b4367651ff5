"""A VPC's default security group, which whatever names no other group falls into, lets nothing pass."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, for_types
from policies.frameworks import security_hub


def _empty(field: str) -> Check:
    def check(props: Props) -> Iterator[str]:
        rules = len(list(blocks(props, field)))
        if rules:
            yield f"{field} has rules ({rules}): remove them, and use a group of your own"

    return check


policy = ResourceValidationPolicy(
    name="require-closed-default-security-group",
    description="Default security groups let nothing in or out.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EC2.2", "Default security groups should not allow inbound or outbound traffic"),
    tags=["CKV2_AWS_12", "EC2.2"],
    remediation_steps="Set ingress=[] and egress=[] on the ec2.DefaultSecurityGroup.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
    validate=for_types(
        {"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (_empty("ingress"), _empty("egress"))}
    ),
)
