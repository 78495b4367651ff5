"""No VPC is without a flow log; what a flow log records is `require-flow-logs`'s to judge."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has

policy = StackValidationPolicy(
    name="require-flow-logs-in-every-vpc",
    description="Every VPC has a flow log.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.6", "VPC flow logging should be enabled in all VPCs"),
    tags=["CKV2_AWS_11", "EC2.6"],
    remediation_steps="Declare an ec2.FlowLog with the VPC's id.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6",
    validate=each_has(
        "ec2.FlowLog", owners={"aws:ec2/vpc:Vpc"}, partners={"aws:ec2/flowLog:FlowLog"}, link="vpcId"
    ),
)
