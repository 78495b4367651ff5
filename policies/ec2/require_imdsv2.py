"""The instance metadata service answers only requests with a session token (IMDSv2)."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, problem
from policies.frameworks import security_hub


def _tokens(props: Props) -> Iterator[str]:
    if "launchTemplate" in props and not list(blocks(props, "metadataOptions")):
        return  # an instance may leave it to its launch template, which is judged by itself
    options = next((block for _, block in blocks(props, "metadataOptions")), {})
    if options.get("httpEndpoint") != "disabled" and options.get("httpTokens") != "required":
        yield problem("metadataOptions.httpTokens", options.get("httpTokens"), 'set it to "required"')


policy = ResourceValidationPolicy(
    name="require-imdsv2",
    description="Instances require a session token for their metadata (IMDSv2).",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EC2.8", "EC2 instances should use Instance Metadata Service Version 2"),
    tags=["CKV_AWS_79", "EC2.8"],
    remediation_steps='Set metadataOptions.httpTokens to "required".',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-8",
    validate=for_types(
        {
            "aws:ec2/instance:Instance": (_tokens,),
            "aws:ec2/spotInstanceRequest:SpotInstanceRequest": (_tokens,),
            "aws:ec2/launchConfiguration:LaunchConfiguration": (_tokens,),
            "aws:ec2/launchTemplate:LaunchTemplate": (_tokens,),
        }
    ),
)
