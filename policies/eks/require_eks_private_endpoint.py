"""The Kubernetes API is reached from inside the VPC only."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, for_types, problem
from policies.frameworks import security_hub


def _endpoint(field: str, *, wanted: bool, default: bool) -> Check:
    """Return a check of one flag of vpcConfig, with EKS's own default where it is not set."""

    def check(props: Props) -> Iterator[str]:
        for path, config in blocks(props, "vpcConfig"):
            value = config.get(field)
            if (default if value is None else value) is not wanted:
                yield problem(f"{path}.{field}", value, f"set it to {wanted}")

    return check


def _configured(props: Props) -> Iterator[str]:
    if not list(blocks(props, "vpcConfig")):
        yield problem("vpcConfig", None, "set endpointPrivateAccess=True and endpointPublicAccess=False")


policy = ResourceValidationPolicy(
    name="require-eks-private-endpoint",
    description="EKS clusters have a private API endpoint and no public one.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EKS.1", "EKS cluster endpoints should not be publicly accessible"),
    tags=["CKV_AWS_38", "CKV_AWS_39", "EKS.1", "CIS-EKS-5.4.1", "CIS-EKS-5.4.2"],
    remediation_steps="In vpcConfig set endpointPrivateAccess=True and endpointPublicAccess=False.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/eks-controls.html#eks-1",
    validate=for_types(
        {
            "aws:eks/cluster:Cluster": (
                _configured,
                _endpoint("endpointPrivateAccess", wanted=True, default=False),
                _endpoint("endpointPublicAccess", wanted=False, default=True),
            )
        }
    ),
)
