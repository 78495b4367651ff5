"""Container images are encrypted with a customer-managed key."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, key_problems, problem
from policies.frameworks import security_hub

_FIELD = "encryptionConfigurations"


def _type(props: Props) -> Iterator[str]:
    found = list(blocks(props, _FIELD))
    if not found:
        yield problem(_FIELD, None, 'name encryptionType="KMS" and a key')
    for path, block in found:
        if block.get("encryptionType") not in ("KMS", "KMS_DSSE"):
            yield problem(f"{path}.encryptionType", block.get("encryptionType"), 'set it to "KMS"')


def _key(props: Props) -> Iterator[str]:
    for path, block in blocks(props, _FIELD):
        yield from key_problems(f"{path}.kmsKey", block.get("kmsKey"))


policy = ResourceValidationPolicy(
    name="require-ecr-kms-encryption",
    description="ECR repositories are encrypted with a customer-managed KMS key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("ECR.5", "ECR repositories should be encrypted with customer managed KMS keys"),
    tags=["CKV_AWS_136", "ECR.5"],
    remediation_steps='Set encryptionConfigurations with encryptionType="KMS" and kmsKey; replace old ones.',
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html#ecr-5",
    validate=for_types(
        {
            "aws:ecr/repository:Repository": (_type, _key),
            "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": (_type, _key),
        }
    ),
)
