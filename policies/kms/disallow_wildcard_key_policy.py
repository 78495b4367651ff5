"""No key policy lets everyone in.

A wildcard principal is accepted only with a condition that pins the caller or the source to fixed values,
as Security Hub's KMS.5 does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, problem
from policies.documents import MalformedDocumentError, Statement, listed, principals, statements
from policies.frameworks import security_hub

_PINS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "kms:calleraccount",
    }
)
_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
_FIX = "name the account or roles that may use the key"


def _closed(props: Props) -> Iterator[str]:
    document = props.get("policy")
    if document is None:
        return  # KMS then writes its default policy, which names the account alone
    try:
        found = statements(document)
    except MalformedDocumentError as error:
        yield problem("policy", str(error), _FIX)
        return
    for index, statement in enumerate(found):
        name = statement.get("Sid") or f"statement {index}"
        if statement.get("Effect") != "Allow":
            continue
        if "NotPrincipal" in statement:
            yield f"policy ({name}) allows everyone but NotPrincipal: {_FIX}"
        elif any("*" in one for one in principals(statement)) and not _pinned(statement):
            yield f"policy ({name}) allows a wildcard principal: {_FIX}"


def _pinned(statement: Statement) -> bool:
    condition: Mapping[str, Mapping[str, Any]] = statement.get("Condition") or {}
    return any(
        operator in _OPERATORS
        and str(key).lower() in _PINS
        and bool(listed(values))
        and not any("*" in str(value) for value in listed(values))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


policy = ResourceValidationPolicy(
    name="disallow-wildcard-key-policy",
    description="KMS key policies do not allow everyone.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.CRITICAL,
    framework=security_hub("KMS.5", "KMS keys should not be publicly accessible"),
    tags=["CKV_AWS_33", "KMS.5"],
    remediation_steps="Name principals in each Allow statement, or pin them by aws:PrincipalAccount.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-5",
    validate=for_types(
        {
            "aws:kms/key:Key": (_closed,),
            "aws:kms/keyPolicy:KeyPolicy": (_closed,),
            "aws:kms/externalKey:ExternalKey": (_closed,),
            "aws:kms/replicaKey:ReplicaKey": (_closed,),
            "aws:kms/replicaExternalKey:ReplicaExternalKey": (_closed,),
        }
    ),
)
