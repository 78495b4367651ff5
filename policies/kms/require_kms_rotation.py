"""Customer-managed keys rotate at least once a year.

KMS rotates only symmetric encryption keys whose material it made itself (KMS developer guide, "Rotate AWS
KMS keys"); signing, MAC and asymmetric keys are therefore not asked to.
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, is_on, problem
from policies.frameworks import security_hub

_A_YEAR_IN_DAYS = 365


def _rotates(props: Props) -> bool:
    spec = props.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    usage = props.get("keyUsage") or "ENCRYPT_DECRYPT"
    symmetric = spec == "SYMMETRIC_DEFAULT" and usage == "ENCRYPT_DECRYPT"
    return symmetric and not props.get("customKeyStoreId")


def _enabled(props: Props) -> Iterator[str]:
    if _rotates(props) and not is_on(props.get("enableKeyRotation")):
        yield problem("enableKeyRotation", props.get("enableKeyRotation"), "set it to True")


def _yearly(props: Props) -> Iterator[str]:
    days = props.get("rotationPeriodInDays")
    if _rotates(props) and days is not None and days > _A_YEAR_IN_DAYS:
        yield problem("rotationPeriodInDays", int(days), f"set it to {_A_YEAR_IN_DAYS} or less")


policy = ResourceValidationPolicy(
    name="require-kms-rotation",
    description="Customer-managed KMS keys rotate at least once a year.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("KMS.4", "AWS KMS key rotation should be enabled"),
    tags=["CKV_AWS_7", "KMS.4"],
    remediation_steps="Set enableKeyRotation=True, and rotationPeriodInDays to at most 365.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-4",
    validate=for_types({"aws:kms/key:Key": (_enabled, _yearly)}),
)
