"""No bucket is without a public access block; what it says is `require-s3-public-access-block`'s to judge."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has
from policies.s3.buckets import BUCKETS, IDENTITIES

policy = StackValidationPolicy(
    name="require-s3-public-access-block-on-every-bucket",
    description="Every S3 bucket has a public access block.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("S3.8", "S3 general purpose buckets should block public access"),
    tags=["CKV2_AWS_6", "S3.8"],
    remediation_steps="Declare an s3.BucketPublicAccessBlock for the bucket.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-8",
    validate=each_has(
        "s3.BucketPublicAccessBlock",
        owners=BUCKETS,
        partners={"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"},
        link="bucket",
        identities=IDENTITIES,
    ),
)
