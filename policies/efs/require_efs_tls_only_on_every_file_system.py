"""No EFS file system is left without a policy; what the policy says is `require-efs-tls-only`'s to judge."""

from pulumi_policy import EnforcementLevel, Severity, StackValidationPolicy

from policies.frameworks import ai_security
from policies.relations import each_has

policy = StackValidationPolicy(
    name="require-efs-tls-only-on-every-file-system",
    description="Every EFS file system has a policy that refuses clients without TLS.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=ai_security("AISF-ML-03", "Training traffic is encrypted"),
    tags=["AISF-ML-03"],
    remediation_steps="Declare an efs.FileSystemPolicy whose fileSystemId is the file system's id.",
    url="https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
    validate=each_has(
        "efs.FileSystemPolicy",
        owners={"aws:efs/fileSystem:FileSystem"},
        partners={"aws:efs/fileSystemPolicy:FileSystemPolicy"},
        link="fileSystemId",
    ),
)
