"""What a bucket's policy says: whoever does not use TLS is denied, on the bucket and its objects."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, problem
from policies.documents import (
    MalformedDocumentError,
    Statement,
    covers,
    denies_plain_transport,
    listed,
    statements,
)
from policies.frameworks import security_hub

_FIX = "deny everyone s3:* on the bucket and on its objects (/*) where aws:SecureTransport is false"


def _denies(props: Props) -> Iterator[str]:
    document, bucket = props.get("policy") or "", props.get("bucket")
    try:
        found = [statement for statement in statements(document) if denies_plain_transport(statement)]
    except MalformedDocumentError as error:
        yield problem("policy", str(error), _FIX)
        return
    for target in (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"):
        if not any(_covers_all(statement, target) for statement in found):
            yield f"policy allows plain HTTP on {target}: {_FIX}"


def _covers_all(statement: Statement, target: str) -> bool:
    every_action = any(str(action).lower() in ("*", "s3:*") for action in listed(statement.get("Action")))
    return every_action and covers(listed(statement.get("Resource")), target)


policy = ResourceValidationPolicy(
    name="require-s3-tls-only",
    description="S3 buckets refuse requests that do not use TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("S3.5", "S3 general purpose buckets should require requests to use SSL"),
    tags=["S3.5"],
    remediation_steps="Deny s3:* on the bucket and its objects where aws:SecureTransport is false.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-5",
    validate=for_types({"aws:s3/bucketPolicy:BucketPolicy": (_denies,)}),
)
