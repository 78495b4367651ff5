"""No VPC keeps the default security group that AWS gives it, which lets its members talk."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has

policy = StackValidationPolicy(
    name="require-closed-default-security-group-in-every-vpc",
    description="Every VPC's default security group is declared, and so closed.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EC2.2", "Default security groups should not allow inbound or outbound traffic"),
    tags=["CKV2_AWS_12", "EC2.2"],
    remediation_steps="Declare an ec2.DefaultSecurityGroup for the VPC, with ingress=[] and egress=[].",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
    validate=each_has(
        "ec2.DefaultSecurityGroup",
        owners={"aws:ec2/vpc:Vpc"},
        partners={"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"},
        link="vpcId",
    ),
)
