"""Accelerated nodes are of types whose traffic to one another is encrypted.

What the AI security framework's AISF-ML-03 (traffic between the parts of a training job is encrypted)
means for instances: gradients travel between nodes by NCCL, over TCP or EFA, which do not encrypt; the
Nitro card does, for the families of `accelerators.py`. A family that is not there is refused until it has
been looked up. Nodes without accelerators take no part in training.
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, for_types, problem
from policies.frameworks import ai_security
from policies.training.accelerators import ENCRYPTING, family, is_accelerated

_FIX = "choose a type whose traffic Nitro encrypts, such as p5 or g6"


def _encrypting(field: str) -> Check:
    def check(props: Props) -> Iterator[str]:
        value = props.get(field)
        for instance_type in [value] if isinstance(value, str) else (value or ()):
            if is_accelerated(instance_type) and family(instance_type) not in ENCRYPTING:
                yield problem(field, instance_type, _FIX)

    return check


policy = ResourceValidationPolicy(
    name="require-encrypted-node-traffic",
    description="Accelerated nodes encrypt the traffic between them.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=ai_security("AISF-ML-03", "Training traffic is encrypted"),
    tags=["AISF-ML-03"],
    remediation_steps="Choose a family whose traffic Nitro encrypts: p4d, p5, p6, g5, g6, trn.",
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html#encryption-transit",
    validate=for_types(
        {
            "aws:ec2/instance:Instance": (_encrypting("instanceType"),),
            "aws:ec2/spotInstanceRequest:SpotInstanceRequest": (_encrypting("instanceType"),),
            "aws:ec2/launchTemplate:LaunchTemplate": (_encrypting("instanceType"),),
            "aws:eks/nodeGroup:NodeGroup": (_encrypting("instanceTypes"),),
        }
    ),
)
