"""Calls to the EC2 API stay within each VPC: it has an interface endpoint for them."""

from pulumi_policy import EnforcementLevel, PolicyResource, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has


def _for_ec2(endpoint: PolicyResource) -> bool:
    kind, service = endpoint.props.get("vpcEndpointType"), endpoint.props.get("serviceName")
    return kind == "Interface" and str(service).endswith(".ec2")


policy = StackValidationPolicy(
    name="require-ec2-endpoint-in-every-vpc",
    description="Every VPC has an interface endpoint for the EC2 API.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EC2.10", "EC2 should be configured to use VPC endpoints created for EC2"),
    tags=["EC2.10"],
    remediation_steps='Declare an ec2.VpcEndpoint of type "Interface" for com.amazonaws.<region>.ec2.',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-10",
    validate=each_has(
        "ec2.VpcEndpoint for EC2",
        owners={"aws:ec2/vpc:Vpc"},
        partners={"aws:ec2/vpcEndpoint:VpcEndpoint"},
        link="vpcId",
        counts=_for_ec2,
    ),
)
