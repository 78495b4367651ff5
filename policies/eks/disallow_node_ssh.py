"""Nobody logs in to nodes by SSH: sessions go through SSM, which needs no key and no open port."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, problem
from policies.frameworks import checkov


def _remote_access(props: Props) -> Iterator[str]:
    if list(blocks(props, "remoteAccess")):
        yield "remoteAccess is set: remove it, and use SSM sessions"


def _key_pair(props: Props) -> Iterator[str]:
    if props.get("keyName"):
        yield problem("keyName", props.get("keyName"), "remove it, and use SSM sessions")


policy = ResourceValidationPolicy(
    name="disallow-node-ssh",
    description="Nodes have no SSH key and no SSH access.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=checkov("CKV_AWS_100", "EKS node groups have no implicit SSH access from 0.0.0.0/0"),
    tags=["CKV_AWS_100"],
    remediation_steps="Remove remoteAccess and keyName; start sessions with AWS Systems Manager.",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html",
    validate=for_types(
        {
            "aws:eks/nodeGroup:NodeGroup": (_remote_access,),
            "aws:ec2/launchTemplate:LaunchTemplate": (_key_pair,),
            "aws:ec2/launchConfiguration:LaunchConfiguration": (_key_pair,),
            "aws:ec2/instance:Instance": (_key_pair,),
            "aws:ec2/spotInstanceRequest:SpotInstanceRequest": (_key_pair,),
        }
    ),
)
