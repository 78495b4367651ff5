"""Logs are kept for a year or more."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, problem
from policies.frameworks import security_hub

_A_YEAR_IN_DAYS = 365
_FOREVER = 0  # what the provider calls "never expires", and its default


def _retention(props: Props) -> Iterator[str]:
    days = props.get("retentionInDays")
    if days not in (None, _FOREVER) and days < _A_YEAR_IN_DAYS:
        yield problem("retentionInDays", int(days), f"set it to {_A_YEAR_IN_DAYS} or more, or 0 (for ever)")


policy = ResourceValidationPolicy(
    name="require-log-group-retention",
    description="CloudWatch log groups keep their logs for a year or more.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub("CloudWatch.16", "Log groups should be retained for a specified time period"),
    tags=["CKV_AWS_338", "CloudWatch.16"],
    remediation_steps="Set retentionInDays to at least 365.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-16",
    validate=for_types({"aws:cloudwatch/logGroup:LogGroup": (_retention,)}),
)
