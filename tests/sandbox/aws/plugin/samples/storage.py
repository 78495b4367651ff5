"""Samples: Buckets, file systems, repositories and backups."""

from __future__ import annotations

import json

from tests.sandbox.aws.plugin.samples.parts import OTHER_TAGS, TAGS, Sample, deny_plain, document

STORAGE = (
    Sample(
        "aws:s3/bucket:Bucket",
        "bucket",
        lambda made: {"forceDestroy": True, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "ownership",
        lambda made: {"bucket": made["bucket"].id, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    ),
    Sample(
        "aws:s3/bucketVersioning:BucketVersioning",
        "versioning",
        lambda made: {"bucket": made["bucket"].id, "versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
    ),
    Sample(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "encryption",
        lambda made: {
            "bucket": made["bucket"].id,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": made["key"].outputs["arn"],
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "access-block",
        lambda made: {
            "bucket": made["bucket"].id,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        {"restrictPublicBuckets": False},
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        "bucket-policy",
        lambda made: {"bucket": made["bucket"].id, "policy": deny_plain(made["bucket"].outputs["arn"])},
    ),
    Sample(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "lifecycle",
        lambda made: {
            "bucket": made["bucket"].id,
            "rules": [
                {
                    "id": "tier",
                    "status": "Enabled",
                    "filter": {"prefix": "raw/"},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 90},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        {"rules": [{"id": "drop", "status": "Enabled", "filter": {}, "expiration": {"days": 365}}]},
    ),
    Sample(
        "aws:efs/fileSystem:FileSystem",
        "files",
        lambda made: {
            "encrypted": True,
            "kmsKeyId": made["key"].outputs["arn"],
            "performanceMode": "generalPurpose",
            "throughputMode": "elastic",
            "lifecyclePolicies": [
                {"transitionToIa": "AFTER_30_DAYS"},
                {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
            ],
            "tags": TAGS,
        },
        {"lifecyclePolicies": [{"transitionToIa": "AFTER_60_DAYS"}], "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:efs/mountTarget:MountTarget",
        "mount",
        lambda made: {
            "fileSystemId": made["files"].id,
            "subnetId": made["subnet-a"].id,
            "securityGroups": [made["group"].id],
        },
    ),
    Sample(
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "files-policy",
        lambda made: {
            "fileSystemId": made["files"].id,
            "policy": document(
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "*",
                    "Resource": made["files"].outputs["arn"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        },
    ),
    Sample(
        "aws:efs/backupPolicy:BackupPolicy",
        "files-backup",
        lambda made: {"fileSystemId": made["files"].id, "backupPolicy": {"status": "ENABLED"}},
        {"backupPolicy": {"status": "DISABLED"}},
    ),
    Sample(
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "lustre",
        lambda made: {
            "subnetIds": made["subnet-a"].id,
            "securityGroupIds": [made["group"].id],
            "storageCapacity": 1200,
            "deploymentType": "PERSISTENT_2",
            "perUnitStorageThroughput": 125,
            "dataCompressionType": "LZ4",
            "kmsKeyId": made["key"].outputs["arn"],
            "automaticBackupRetentionDays": 7,
            "copyTagsToBackups": True,
            "tags": TAGS,
        },
        {"storageCapacity": 2400, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "repository",
        lambda made: {
            "fileSystemId": made["lustre"].id,
            "fileSystemPath": "/data",
            "dataRepositoryPath": f"s3://{made['bucket'].id}",
            "batchImportMetaDataOnCreate": True,
            "s3": {
                "autoImportPolicy": {"events": ["NEW", "CHANGED"]},
                "autoExportPolicy": {"events": ["NEW"]},
            },
            "tags": TAGS,
        },
        {
            "s3": {
                "autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]},
                "autoExportPolicy": {"events": []},
            }
        },
    ),
    Sample(
        "aws:ecr/repository:Repository",
        "images",
        lambda made: {
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": made["key"].outputs["arn"]}],
            "imageScanningConfiguration": {"scanOnPush": True},
            "imageTagMutability": "IMMUTABLE",
            "forceDelete": True,
            "tags": TAGS,
        },
        {"imageTagMutability": "MUTABLE", "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "images-lifecycle",
        lambda made: {
            "repository": made["images"].id,
            "policy": json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "selection": {
                                "tagStatus": "untagged",
                                "countType": "sinceImagePushed",
                                "countUnit": "days",
                                "countNumber": 14,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
        },
    ),
    Sample(
        "aws:backup/vault:Vault",
        "vault",
        lambda made: {"kmsKeyArn": made["key"].outputs["arn"], "forceDestroy": True, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:backup/plan:Plan",
        "plan",
        lambda made: {
            "rules": [
                {
                    "ruleName": "daily",
                    "targetVaultName": made["vault"].id,
                    "schedule": "cron(0 5 ? * * *)",
                    "lifecycle": {"coldStorageAfter": 30, "deleteAfter": 365},
                }
            ],
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:backup/selection:Selection",
        "selection",
        lambda made: {
            "planId": made["plan"].id,
            "iamRoleArn": made["backup-role"].outputs["arn"],
            "resources": [made["files"].outputs["arn"]],
        },
    ),
    Sample(
        "aws:ebs/volume:Volume",
        "volume",
        lambda made: {
            "availabilityZone": "us-west-2a",
            "size": 10,
            "type": "gp3",
            "encrypted": True,
            "kmsKeyId": made["key"].outputs["arn"],
            "tags": TAGS,
        },
        {"size": 20, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ebs/defaultKmsKey:DefaultKmsKey", "ebs-key", lambda made: {"keyArn": made["key"].outputs["arn"]}
    ),
    Sample(
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "ebs-encryption",
        lambda made: {"enabled": True},
        {"enabled": False},
    ),
)
