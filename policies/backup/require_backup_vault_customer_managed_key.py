"""Backups are encrypted with a customer-managed key."""

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import customer_key, for_types
from policies.frameworks import checkov

policy = ResourceValidationPolicy(
    name="require-backup-vault-customer-managed-key",
    description="Backup vaults are encrypted with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=checkov("CKV_AWS_166", "Backup vaults are encrypted at rest with a customer-managed key"),
    tags=["CKV_AWS_166"],
    remediation_steps="Set kmsKeyArn; a vault that exists must be replaced.",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html",
    validate=for_types(
        {
            "aws:backup/vault:Vault": (customer_key("kmsKeyArn"),),
            "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault": (customer_key("encryptionKeyArn"),),
        }
    ),
)
