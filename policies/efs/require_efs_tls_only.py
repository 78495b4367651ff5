"""Training data on EFS travels over TLS only: the file system's policy denies the rest.

What the AI security framework's AISF-ML-03 (traffic between the parts of a training job is encrypted)
means for EFS. NFS is plain unless the client mounts with TLS; the denial of aws:SecureTransport=false makes
the server refuse a plain mount (EFS user guide, "Using IAM to control access to file systems").
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, for_types, problem
from policies.documents import MalformedDocumentError, covers, denies_plain_transport, listed, statements
from policies.frameworks import ai_security

_FIX = "add a statement that denies everyone every action where aws:SecureTransport is false"


def _denies(props: Props) -> Iterator[str]:
    try:
        found = statements(props.get("policy") or "")
    except MalformedDocumentError as error:
        yield problem("policy", str(error), _FIX)
        return
    if not any(
        denies_plain_transport(statement)
        and covers(listed(statement.get("Action")), "elasticfilesystem:ClientMount")
        for statement in found
    ):
        yield f"policy allows plain NFS: {_FIX}"


policy = ResourceValidationPolicy(
    name="require-efs-tls-only",
    description="EFS file systems refuse clients that do not use TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=ai_security("AISF-ML-03", "Training traffic is encrypted"),
    tags=["AISF-ML-03"],
    remediation_steps="Deny all actions where aws:SecureTransport is false in the efs.FileSystemPolicy.",
    url="https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
    validate=for_types({"aws:efs/fileSystemPolicy:FileSystemPolicy": (_denies,)}),
)
