"""No bucket is left without a policy; what the policy says is `require-s3-tls-only`'s to judge."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import security_hub
from policies.relations import each_has
from policies.s3.buckets import BUCKETS, IDENTITIES

policy = StackValidationPolicy(
    name="require-s3-tls-only-on-every-bucket",
    description="Every S3 bucket has a policy that refuses requests without TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("S3.5", "S3 general purpose buckets should require requests to use SSL"),
    tags=["S3.5"],
    remediation_steps="Declare an s3.BucketPolicy that denies aws:SecureTransport=false for the bucket.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-5",
    validate=each_has(
        "s3.BucketPolicy",
        owners=BUCKETS,
        partners={"aws:s3/bucketPolicy:BucketPolicy"},
        link="bucket",
        identities=IDENTITIES,
    ),
)
