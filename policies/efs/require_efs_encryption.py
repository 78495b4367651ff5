"""EFS file systems are encrypted at rest with a customer-managed key."""

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import customer_key, for_types, on
from policies.frameworks import security_hub

policy = ResourceValidationPolicy(
    name="require-efs-encryption",
    description="EFS file systems are encrypted with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("EFS.1", "EFS should be configured to encrypt file data at-rest using AWS KMS"),
    tags=["CKV_AWS_42", "EFS.1"],
    remediation_steps="Set encrypted=True and kmsKeyId; a file system that exists must be replaced.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/efs-controls.html#efs-1",
    validate=for_types({"aws:efs/fileSystem:FileSystem": (on("encrypted"), customer_key("kmsKeyId"))}),
)
