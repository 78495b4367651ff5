"""Logs are encrypted with a customer-managed key."""

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import customer_key, for_types
from policies.frameworks import checkov

policy = ResourceValidationPolicy(
    name="require-log-group-kms-encryption",
    description="CloudWatch log groups are encrypted with a customer-managed key.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=checkov("CKV_AWS_158", "CloudWatch log groups are encrypted by KMS"),
    tags=["CKV_AWS_158"],
    remediation_steps="Set kmsKeyId to a key whose policy admits logs.<region>.amazonaws.com.",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    validate=for_types({"aws:cloudwatch/logGroup:LogGroup": (customer_key("kmsKeyId"),)}),
)
