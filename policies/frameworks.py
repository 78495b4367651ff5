"""The frameworks that the rules come from, as the SDK's own metadata."""

from pulumi_policy import PolicyComplianceFramework


def security_hub(control: str, title: str) -> PolicyComplianceFramework:
    """Return a control of AWS Security Hub, such as EC2.3."""
    return PolicyComplianceFramework(
        name="AWS Foundational Security Best Practices",
        version="1.0.0",
        reference=control,
        specification=title,
    )


def cis_eks(control: str, title: str) -> PolicyComplianceFramework:
    """Return a recommendation of the CIS benchmark for EKS, such as 5.4.3."""
    return PolicyComplianceFramework(
        name="CIS Amazon EKS Benchmark", version="1.8.0", reference=f"CIS-EKS-{control}", specification=title
    )


def checkov(check: str, title: str) -> PolicyComplianceFramework:
    """Return a check of Checkov, such as CKV_AWS_190, where Security Hub has no control."""
    return PolicyComplianceFramework(name="Checkov", version="3", reference=check, specification=title)


def ai_security(control: str, title: str) -> PolicyComplianceFramework:
    """Return a control of the AI security framework, such as AISF-ML-03."""
    return PolicyComplianceFramework(
        name="AI Security Framework", version="1", reference=control, specification=title
    )
