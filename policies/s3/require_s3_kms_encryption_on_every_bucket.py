"""No bucket is left at S3's own encryption; what a configuration says is `require-s3-kms-encryption`'s."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has
from policies.s3.buckets import BUCKETS, ENCRYPTION_CONFIGURATIONS, IDENTITIES

policy = StackValidationPolicy(
    name="require-s3-kms-encryption-on-every-bucket",
    description="Every S3 bucket has a configuration that encrypts with a customer-managed KMS key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("S3.17", "S3 buckets should be encrypted at rest with AWS KMS keys"),
    tags=["CKV_AWS_145", "S3.17"],
    remediation_steps="Declare an s3.BucketServerSideEncryptionConfiguration for the bucket.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-17",
    validate=each_has(
        "s3.BucketServerSideEncryptionConfiguration",
        owners=BUCKETS,
        partners=ENCRYPTION_CONFIGURATIONS,
        link="bucket",
        identities=IDENTITIES,
    ),
)
