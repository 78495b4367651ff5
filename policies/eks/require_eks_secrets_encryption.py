"""Kubernetes secrets are encrypted in etcd with a customer-managed key (envelope encryption)."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, key_problems, problem
from policies.frameworks import security_hub


def _resources(props: Props) -> Iterator[str]:
    encryption = list(blocks(props, "encryptionConfig"))
    if not encryption:
        yield problem("encryptionConfig", None, 'name a key, and resources=["secrets"]')
    for path, block in encryption:
        resources = list(block.get("resources") or ())
        if "secrets" not in resources:
            yield problem(f"{path}.resources", resources, 'set it to ["secrets"]')


def _key(props: Props) -> Iterator[str]:
    for path, block in blocks(props, "encryptionConfig"):
        provider = block.get("provider") or {}
        yield from key_problems(f"{path}.provider.keyArn", provider.get("keyArn"))


policy = ResourceValidationPolicy(
    name="require-eks-secrets-encryption",
    description="EKS clusters encrypt Kubernetes secrets with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EKS.3", "EKS clusters should use encrypted Kubernetes secrets"),
    tags=["CKV_AWS_58", "EKS.3", "CIS-EKS-5.3.1"],
    remediation_steps='Set encryptionConfig with provider.keyArn and resources=["secrets"].',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/eks-controls.html#eks-3",
    validate=for_types({"aws:eks/cluster:Cluster": (_resources, _key)}),
)
