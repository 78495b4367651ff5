"""What a bucket's encryption configuration says: KMS, with a customer-managed key."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, key_problems, problem
from policies.frameworks import security_hub
from policies.s3.buckets import ENCRYPTION_CONFIGURATIONS

_DEFAULT = "applyServerSideEncryptionByDefault"
_KMS = ("aws:kms", "aws:kms:dsse")


def _defaults(props: Props) -> Iterator[tuple[str, Props]]:
    for path, rule in blocks(props, "rules"):
        yield from ((f"{path}.{name}", default) for name, default in blocks(rule, _DEFAULT))


def _algorithm(props: Props) -> Iterator[str]:
    for path, default in _defaults(props):
        algorithm = default.get("sseAlgorithm")
        if algorithm not in _KMS:
            yield problem(f"{path}.sseAlgorithm", algorithm, 'set it to "aws:kms"')


def _key(props: Props) -> Iterator[str]:
    for path, default in _defaults(props):
        yield from key_problems(f"{path}.kmsMasterKeyId", default.get("kmsMasterKeyId"))


def _any(props: Props) -> Iterator[str]:
    if not list(_defaults(props)):
        yield problem(f"rules[0].{_DEFAULT}", None, "name the algorithm aws:kms and a key")


policy = ResourceValidationPolicy(
    name="require-s3-kms-encryption",
    description="S3 buckets encrypt with a customer-managed KMS key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("S3.17", "S3 buckets should be encrypted at rest with AWS KMS keys"),
    tags=["CKV_AWS_145", "S3.17"],
    remediation_steps='Set sseAlgorithm="aws:kms" and kmsMasterKeyId in the encryption configuration.',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-17",
    validate=for_types(dict.fromkeys(ENCRYPTION_CONFIGURATIONS, (_any, _algorithm, _key))),
)
