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


def _denials(props: Props) -> list[Statement]:
    return [
        statement
        for statement in statements(props.get("policy") or "")
        if denies_plain_transport(statement) and _every_action(statement)
    ]


def _every_action(statement: Statement) -> bool:
    return any(str(action).lower() in ("*", "s3:*") for action in listed(statement.get("Action")))


def _denies(props: Props) -> Iterator[str]:
    try:
        if not _denials(props):
            yield f"policy allows plain HTTP: {_FIX}"
    except MalformedDocumentError as error:
        yield problem("policy", str(error), _FIX)


def _covers(props: Props) -> Iterator[str]:
    try:
        denials = _denials(props)
    except MalformedDocumentError:
        return  # reported by _denies
    bucket = props.get("bucket")
    for target in (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"):
        if denials and not any(covers(listed(denial.get("Resource")), target) for denial in denials):
            yield f"policy allows plain HTTP on {target}: {_FIX}"


policy = ResourceValidationPolicy(
    name="require-s3-tls-only",
    description="S3 buckets refuse requests that do not use TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("S3.5", "S3 general purpose buckets should require requests to use SSL"),
    tags=["S3.5"],
    remediation_steps="Deny s3:* on the bucket and its objects where aws:SecureTransport is false.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-5",
    validate=for_types({"aws:s3/bucketPolicy:BucketPolicy": (_denies, _covers)}),
)
