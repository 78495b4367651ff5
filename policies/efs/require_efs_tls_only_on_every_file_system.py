"""No EFS file system is left without a policy; what the policy says is `require-efs-tls-only`'s to judge."""

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.frameworks import ai_security
from policies.relations import lacking


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    for file_system in lacking(
        args.resources,
        owners={"aws:efs/fileSystem:FileSystem"},
        partners={"aws:efs/fileSystemPolicy:FileSystemPolicy"},
        link="fileSystemId",
        identities=("id", "fileSystemId"),
    ):
        report(f"{file_system.name} has no efs.FileSystemPolicy: declare one for it", file_system.urn)


policy = StackValidationPolicy(
    name="require-efs-tls-only-on-every-file-system",
    description="Every EFS file system has a policy that refuses clients without TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=ai_security("AISF-ML-03", "Training traffic is encrypted"),
    tags=["AISF-ML-03"],
    remediation_steps="Declare an efs.FileSystemPolicy whose fileSystemId is the file system's id.",
    url="https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
    validate=_validate,
)
