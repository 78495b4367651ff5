"""Pods cannot take a node's credentials: answers of the metadata service travel one hop.

EKS sets two hops for a launch template that says nothing (EKS user guide, "Customize managed nodes with
launch templates"), so the limit must be written.
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, problem
from policies.frameworks import checkov


def _one_hop(props: Props) -> Iterator[str]:
    options = next((block for _, block in blocks(props, "metadataOptions")), {})
    hops = options.get("httpPutResponseHopLimit")
    if options.get("httpEndpoint") != "disabled" and hops != 1:
        found = None if hops is None else int(hops)
        yield problem("metadataOptions.httpPutResponseHopLimit", found, "set it to 1")


policy = ResourceValidationPolicy(
    name="require-metadata-hop-limit",
    description="Launch templates keep instance metadata within one hop.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=checkov("CKV_AWS_341", "Launch templates have no metadata response hop limit greater than 1"),
    tags=["CKV_AWS_341"],
    remediation_steps="Set metadataOptions.httpPutResponseHopLimit to 1.",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    validate=for_types(
        {
            "aws:ec2/launchTemplate:LaunchTemplate": (_one_hop,),
            "aws:ec2/launchConfiguration:LaunchConfiguration": (_one_hop,),
        }
    ),
)
