"""Flow logs record the traffic that was refused, at least."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, problem
from policies.frameworks import security_hub


def _refused(props: Props) -> Iterator[str]:
    # A flow log of a transit gateway has no traffic type: it records all.
    kind = props.get("trafficType")
    if kind not in ("ALL", "REJECT") and not props.get("transitGatewayId"):
        yield problem("trafficType", kind, 'set it to "ALL"')


policy = ResourceValidationPolicy(
    name="require-flow-logs",
    description="VPC flow logs record refused traffic.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.6", "VPC flow logging should be enabled in all VPCs"),
    tags=["CKV2_AWS_11", "EC2.6"],
    remediation_steps='Set trafficType to "ALL".',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6",
    validate=for_types({"aws:ec2/flowLog:FlowLog": (_refused,)}),
)
