"""What a bucket's public access block says: all four of its switches are on."""

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import for_types, on
from policies.frameworks import security_hub

_BLOCKS = (
    on("blockPublicAcls"),
    on("blockPublicPolicy"),
    on("ignorePublicAcls"),
    on("restrictPublicBuckets"),
)

policy = ResourceValidationPolicy(
    name="require-s3-public-access-block",
    description="S3 buckets block public access in all four ways.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("S3.8", "S3 general purpose buckets should block public access"),
    tags=["CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "S3.8"],
    remediation_steps="Set all four of the block's switches to True.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-8",
    validate=for_types(
        {
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _BLOCKS,
            "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": _BLOCKS,
        }
    ),
)
