"""FSx for Lustre file systems are encrypted with a customer-managed key.

Only persistent deployments take a key (FSx API, CreateFileSystemLustreConfiguration); scratch ones, which
are the default, are always encrypted with FSx's own, so they are refused.
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, customer_key, for_types, problem
from policies.frameworks import checkov


def _persistent(props: Props) -> Iterator[str]:
    deployment = props.get("deploymentType")
    if deployment not in ("PERSISTENT_1", "PERSISTENT_2"):
        yield problem("deploymentType", deployment, 'scratch takes no key; set it to "PERSISTENT_2"')


policy = ResourceValidationPolicy(
    name="require-lustre-customer-managed-key",
    description="FSx for Lustre file systems are encrypted with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=checkov("CKV_AWS_190", "Lustre file systems are encrypted with a customer-managed key"),
    tags=["CKV_AWS_190"],
    remediation_steps="Use a persistent deployment and set kmsKeyId; an existing one must be replaced.",
    url="https://docs.aws.amazon.com/fsx/latest/LustreGuide/encryption-at-rest.html",
    validate=for_types(
        {"aws:fsx/lustreFileSystem:LustreFileSystem": (_persistent, customer_key("kmsKeyId"))}
    ),
)
