"""Cases of the rules on disks, file systems, buckets, images, backups and logs."""

import json
from typing import Any

from tests.policies.cases import ABSENT, AWS_KEY, IMDSV2, KEY, Case

_EBS = "require-ebs-customer-managed-key"
_DISK = {"encrypted": True, "kmsKeyId": KEY}
_INSTANCE = {
    "ami": "ami-1",
    "instanceType": "m7i.large",
    "rootBlockDevice": _DISK,
    "ebsBlockDevices": [],
    "metadataOptions": IMDSV2,
}
_INSTANCE_BREAKS: tuple[tuple[str, Any], ...] = (
    ("rootBlockDevice", ABSENT),
    ("rootBlockDevice.encrypted", False),
    ("rootBlockDevice.kmsKeyId", AWS_KEY),
    ("ebsBlockDevices", [{"deviceName": "/dev/sdf", "encrypted": True}]),
)
_SSE = "rules.0.applyServerSideEncryptionByDefault"
_BUCKET = "datahall-data"
_ARN = f"arn:aws:s3:::{_BUCKET}"


def tls_only(**changes: object) -> str:
    """Return a bucket policy in the form AWS documents, with members of its denial changed."""
    denial: dict[str, object] = {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [_ARN, f"{_ARN}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    denial |= changes
    return json.dumps({"Version": "2012-10-17", "Statement": [denial]})


def efs_tls_only(**changes: object) -> str:
    """Return a file-system policy in the form AWS documents, with members of its denial changed."""
    denial: dict[str, object] = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    denial |= changes
    return json.dumps({"Version": "2012-10-17", "Statement": [denial]})


_SSE_RULES = [
    {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }
]
_SSE_BREAKS: tuple[tuple[str, Any], ...] = (
    (f"{_SSE}.sseAlgorithm", "AES256"),
    (f"{_SSE}.kmsMasterKeyId", ABSENT),
    (f"{_SSE}.kmsMasterKeyId", "alias/aws/s3"),
    (_SSE, ABSENT),
    ("rules", []),
)

STORAGE = (
    Case(
        rule=_EBS,
        type="aws:ebs/volume:Volume",
        compliant={"availabilityZone": "us-west-2a", "size": 100, **_DISK},
        broken=(("encrypted", False), ("encrypted", ABSENT), ("kmsKeyId", ABSENT), ("kmsKeyId", AWS_KEY)),
        unknown=("encrypted", "kmsKeyId"),
    ),
    Case(
        rule=_EBS,
        type="aws:ebs/snapshotCopy:SnapshotCopy",
        compliant={"sourceRegion": "us-west-2", "sourceSnapshotId": "snap-1", **_DISK},
        broken=(("encrypted", ABSENT), ("kmsKeyId", ABSENT)),
    ),
    Case(
        rule=_EBS,
        type="aws:ec2/instance:Instance",
        compliant=_INSTANCE,
        broken=_INSTANCE_BREAKS,
        unknown=("rootBlockDevice", "rootBlockDevice.kmsKeyId", "ebsBlockDevices"),
    ),
    Case(
        rule=_EBS,
        type="aws:ec2/instance:Instance",
        compliant={"launchTemplate": {"id": "lt-1", "version": "1"}},
        broken=(("rootBlockDevice", {"encrypted": False, "kmsKeyId": KEY}),),
    ),
    Case(
        rule=_EBS,
        type="aws:ec2/spotInstanceRequest:SpotInstanceRequest",
        compliant=_INSTANCE,
        broken=_INSTANCE_BREAKS,
    ),
    Case(
        rule=_EBS,
        type="aws:ec2/launchTemplate:LaunchTemplate",
        compliant={
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY, "volumeSize": 200}}
            ],
            "metadataOptions": IMDSV2,
        },
        broken=(
            ("blockDeviceMappings", ABSENT),
            ("blockDeviceMappings.0.ebs", ABSENT),
            ("blockDeviceMappings.0.ebs.encrypted", "false"),
            ("blockDeviceMappings.0.ebs.encrypted", ABSENT),
            ("blockDeviceMappings.0.ebs.kmsKeyId", ABSENT),
        ),
        unknown=("blockDeviceMappings.0.ebs.kmsKeyId",),
        also=(("blockDeviceMappings.0.ebs.encrypted", True),),
    ),
    Case(
        rule=_EBS,
        type="aws:eks/nodeGroup:NodeGroup",
        compliant={
            "clusterName": "c",
            "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
            "launchTemplate": {"id": "lt-1", "version": "1"},
            "scalingConfig": {"desiredSize": 1, "maxSize": 1, "minSize": 1},
            "subnetIds": ["subnet-1"],
        },
        broken=(("launchTemplate", ABSENT),),
        unknown=("launchTemplate",),
    ),
    Case(
        rule="require-ebs-encryption-by-default",
        type="aws:ebs/encryptionByDefault:EncryptionByDefault",
        compliant={"enabled": True},
        broken=(("enabled", False),),
        unknown=("enabled",),
        also=(("enabled", ABSENT),),
    ),
    Case(
        rule="require-ebs-encryption-by-default",
        type="aws:ebs/defaultKmsKey:DefaultKmsKey",
        compliant={"keyArn": KEY},
        broken=(("keyArn", AWS_KEY),),
        unknown=("keyArn",),
    ),
    Case(
        rule="require-efs-encryption",
        type="aws:efs/fileSystem:FileSystem",
        compliant=_DISK,
        broken=(
            ("encrypted", False),
            ("encrypted", ABSENT),
            ("kmsKeyId", ABSENT),
            ("kmsKeyId", "alias/aws/efs"),
        ),
        unknown=("encrypted", "kmsKeyId"),
    ),
    Case(
        rule="require-efs-tls-only",
        type="aws:efs/fileSystemPolicy:FileSystemPolicy",
        compliant={"fileSystemId": "fs-1", "policy": efs_tls_only()},
        broken=(
            ("policy", efs_tls_only(Effect="Allow")),
            ("policy", efs_tls_only(Action="elasticfilesystem:ClientRootAccess")),
            ("policy", efs_tls_only(Principal={"AWS": "arn:aws:iam::123456789012:role/one"})),
            ("policy", efs_tls_only(Condition={"Bool": {"aws:SecureTransport": "true"}})),
            ("policy", "{}"),
        ),
        unknown=("policy",),
        also=(("policy", efs_tls_only(Action=["elasticfilesystem:Client*"])),),
    ),
    Case(
        rule="require-lustre-customer-managed-key",
        type="aws:fsx/lustreFileSystem:LustreFileSystem",
        compliant={
            "deploymentType": "PERSISTENT_2",
            "kmsKeyId": KEY,
            "perUnitStorageThroughput": 125,
            "storageCapacity": 1200,
            "subnetIds": "subnet-1",
        },
        broken=(
            ("kmsKeyId", ABSENT),
            ("kmsKeyId", "alias/aws/fsx"),
            ("deploymentType", "SCRATCH_2"),
            ("deploymentType", ABSENT),
        ),
        unknown=("kmsKeyId", "deploymentType"),
        also=(("deploymentType", "PERSISTENT_1"),),
    ),
    Case(
        rule="require-s3-kms-encryption",
        type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        compliant={"bucket": _BUCKET, "rules": _SSE_RULES},
        broken=_SSE_BREAKS,
        unknown=(f"{_SSE}.sseAlgorithm", f"{_SSE}.kmsMasterKeyId", "rules"),
        also=((f"{_SSE}.sseAlgorithm", "aws:kms:dsse"),),
    ),
    Case(
        rule="require-s3-kms-encryption",
        type="aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
        compliant={"bucket": _BUCKET, "rules": _SSE_RULES},
        broken=_SSE_BREAKS,
    ),
    Case(
        rule="require-s3-tls-only",
        type="aws:s3/bucketPolicy:BucketPolicy",
        compliant={"bucket": _BUCKET, "policy": tls_only()},
        broken=(
            ("policy", tls_only(Effect="Allow")),
            ("policy", tls_only(Action="s3:GetObject")),
            ("policy", tls_only(Principal={"AWS": "arn:aws:iam::123456789012:root"})),
            ("policy", tls_only(Resource=f"{_ARN}/*")),
            ("policy", tls_only(Resource=_ARN)),
            ("policy", tls_only(Resource=["arn:aws:s3:::another", "arn:aws:s3:::another/*"])),
            ("policy", tls_only(Condition={"Bool": {"aws:SecureTransport": "true"}})),
            ("policy", tls_only(Condition={"StringEquals": {"aws:SecureTransport": "false"}})),
            (
                "policy",
                tls_only(
                    Condition={
                        "Bool": {"aws:SecureTransport": "false"},
                        "StringEquals": {"aws:SourceVpc": "vpc-1"},
                    }
                ),
            ),
            ("policy", tls_only(Condition=None)),
            ("policy", "not json"),
            ("policy", '{"Version": "2012-10-17"}'),
        ),
        unknown=("policy", "bucket"),
        also=(
            ("policy", tls_only(Principal={"AWS": ["*"]})),
            ("policy", tls_only(Resource="*")),
            ("policy", tls_only(Resource=[f"arn:aws-cn:s3:::{_BUCKET}", f"arn:aws-cn:s3:::{_BUCKET}/*"])),
            ("policy", tls_only(Condition={"Bool": {"aws:securetransport": False}})),
        ),
    ),
    Case(
        rule="require-ecr-kms-encryption",
        type="aws:ecr/repository:Repository",
        compliant={"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}]},
        broken=(
            ("encryptionConfigurations", ABSENT),
            ("encryptionConfigurations.0.encryptionType", "AES256"),
            ("encryptionConfigurations.0.kmsKey", ABSENT),
            ("encryptionConfigurations.0.kmsKey", "alias/aws/ecr"),
        ),
        unknown=("encryptionConfigurations.0.encryptionType", "encryptionConfigurations.0.kmsKey"),
    ),
    Case(
        rule="require-ecr-kms-encryption",
        type="aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
        compliant={
            "prefix": "models",
            "appliedFors": ["PULL_THROUGH_CACHE"],
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        },
        broken=(("encryptionConfigurations", ABSENT),),
    ),
    Case(
        rule="require-backup-vault-customer-managed-key",
        type="aws:backup/vault:Vault",
        compliant={"kmsKeyArn": KEY},
        broken=(("kmsKeyArn", ABSENT), ("kmsKeyArn", "alias/aws/backup")),
        unknown=("kmsKeyArn",),
    ),
    Case(
        rule="require-backup-vault-customer-managed-key",
        type="aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault",
        compliant={"maxRetentionDays": 30, "minRetentionDays": 7, "encryptionKeyArn": KEY},
        broken=(("encryptionKeyArn", ABSENT),),
    ),
    Case(
        rule="require-log-group-kms-encryption",
        type="aws:cloudwatch/logGroup:LogGroup",
        compliant={"kmsKeyId": KEY, "retentionInDays": 365},
        broken=(("kmsKeyId", ABSENT), ("kmsKeyId", "")),
        unknown=("kmsKeyId",),
    ),
    Case(
        rule="require-log-group-retention",
        type="aws:cloudwatch/logGroup:LogGroup",
        compliant={"kmsKeyId": KEY, "retentionInDays": 365},
        broken=(("retentionInDays", 180), ("retentionInDays", 1)),
        unknown=("retentionInDays",),
        also=(("retentionInDays", 0), ("retentionInDays", ABSENT), ("retentionInDays", 400)),
    ),
)
