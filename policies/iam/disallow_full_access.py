"""No IAM policy allows every action, whether written out or attached as AWS's AdministratorAccess."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, for_types, problem
from policies.documents import MalformedDocumentError, listed, statements
from policies.frameworks import security_hub

_FIX = "name the actions that are needed"


def _document(props: Props, at: str = "") -> Iterator[str]:
    try:
        found = statements(props.get("policy") or "")
    except MalformedDocumentError as error:
        yield problem(f"{at}policy", str(error), _FIX)
        return
    for index, statement in enumerate(found):
        name = statement.get("Sid") or f"statement {index}"
        if statement.get("Effect") != "Allow":
            continue
        if any(str(action) in ("*", "*:*") for action in listed(statement.get("Action"))):
            yield f"{at}policy ({name}) allows every action: {_FIX}"
        elif "NotAction" in statement:
            yield f"{at}policy ({name}) allows every action but NotAction: {_FIX}"


def _inline(props: Props) -> Iterator[str]:
    for path, block in blocks(props, "inlinePolicies"):
        yield from _document(block, at=f"{path}.")


def _administrator(field: str) -> Check:
    def check(props: Props) -> Iterator[str]:
        for arn in listed(props.get(field)):
            if str(arn).endswith(":policy/AdministratorAccess"):
                yield problem(field, arn, _FIX)

    return check


_ATTACHED = (_administrator("policyArn"),)

policy = ResourceValidationPolicy(
    name="disallow-full-access",
    description="IAM policies do not allow every action.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("IAM.1", 'IAM policies should not allow full "*" administrative privileges'),
    tags=["CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_274", "IAM.1"],
    remediation_steps="List the actions that the identity needs, and the resources it needs them on.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1",
    validate=for_types(
        {
            "aws:iam/policy:Policy": (_document,),
            "aws:iam/rolePolicy:RolePolicy": (_document,),
            "aws:iam/userPolicy:UserPolicy": (_document,),
            "aws:iam/groupPolicy:GroupPolicy": (_document,),
            "aws:iam/role:Role": (_inline, _administrator("managedPolicyArns")),
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _ATTACHED,
            "aws:iam/userPolicyAttachment:UserPolicyAttachment": _ATTACHED,
            "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": _ATTACHED,
            "aws:iam/policyAttachment:PolicyAttachment": _ATTACHED,
        }
    ),
)
